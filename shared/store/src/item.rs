//! Between domain objects and items. Free JSON (a form's values, a definition) is stored as JSON text: DynamoDB would
//! lose the order of members, numbers beyond 38 digits and anything deeper than 32 levels.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Error, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::keys::ItemKey;
use crate::table::{EXPIRES_AT, INDEX_PARTITION_KEY, INDEX_SORT_KEY, PARTITION_KEY, SORT_KEY};

pub type Item = HashMap<String, AttributeValue>;

/// An object that is one item.
pub trait Stored: Serialize + DeserializeOwned {
    /// The members that hold free JSON, as dotted paths; `*` stands for every member or element.
    const JSON: &[&str] = &[];
}

pub fn to_item<T: Stored>(object: &T) -> Result<Item> {
    let mut value = serde_json::to_value(object).map_err(|e| Error::internal("write an item", e))?;
    for path in T::JSON {
        each(&mut value, path, &mut |free| {
            *free = Value::String(free.to_string())
        });
    }
    serde_dynamo::aws_sdk_dynamodb_1::to_item(value).map_err(|e| Error::internal("write an item", e))
}

pub fn from_item<T: Stored>(item: Item) -> Result<T> {
    let mut value: Value =
        serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|e| Error::internal("read an item", e))?;
    for path in T::JSON {
        each(&mut value, path, &mut |free| {
            if let Some(parsed) = free.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                *free = parsed;
            }
        });
    }
    serde_json::from_value(value).map_err(|e| Error::internal("read an item", e))
}

fn each(value: &mut Value, path: &str, apply: &mut dyn FnMut(&mut Value)) {
    let (head, rest) = path
        .split_once('.')
        .map_or((path, None), |(head, rest)| (head, Some(rest)));
    let found: Vec<&mut Value> = match value {
        Value::Object(members) if head == "*" => members.values_mut().collect(),
        Value::Array(elements) if head == "*" => elements.iter_mut().collect(),
        Value::Object(members) => members.get_mut(head).into_iter().collect(),
        _ => Vec::new(),
    };
    for inner in found {
        match rest {
            Some(rest) => each(inner, rest, apply),
            None => apply(inner),
        }
    }
}

/// Free JSON as an attribute, in the form that [`to_item`] gives it.
pub fn json(value: &Value) -> AttributeValue {
    text(value.to_string())
}

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An object as an attribute of another item, in the form that [`to_item`] gives it.
pub fn object<T: Stored>(object: &T) -> Result<AttributeValue> {
    to_item(object).map(AttributeValue::M)
}

/// Any serializable value as an attribute; free JSON in it is the caller's to turn into text first.
pub fn attribute(value: &impl Serialize) -> Result<AttributeValue> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)
        .map_err(|e| Error::internal("write an item", e))
}

/// Builds the item around an object: its key, its place in the index, its end.
pub trait ItemExt {
    #[must_use]
    fn at(self, key: &ItemKey) -> Self;
    #[must_use]
    fn indexed(self, partition: impl Into<String>, sort: impl Into<String>) -> Self;
    #[must_use]
    fn expiring(self, at: Timestamp) -> Self;
}

impl ItemExt for Item {
    fn at(mut self, key: &ItemKey) -> Self {
        self.insert(PARTITION_KEY.to_owned(), text(&key.pk));
        self.insert(SORT_KEY.to_owned(), text(&key.sk));
        self
    }

    fn indexed(mut self, partition: impl Into<String>, sort: impl Into<String>) -> Self {
        self.insert(INDEX_PARTITION_KEY.to_owned(), text(partition));
        self.insert(INDEX_SORT_KEY.to_owned(), text(sort));
        self
    }

    fn expiring(mut self, at: Timestamp) -> Self {
        self.insert(EXPIRES_AT.to_owned(), number(at.as_second()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Thing {
        values: Value,
        votes: HashMap<String, Value>,
    }

    impl Stored for Thing {
        const JSON: &[&str] = &["values", "votes.*.values"];
    }

    #[test]
    fn free_json_survives_unchanged() {
        let text = r#"{"z":1e300,"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"":"","n":null}"#;
        let values: Value = serde_json::from_str(text).unwrap();
        let thing = Thing {
            values: values.clone(),
            votes: HashMap::from([("u".to_owned(), json!({"values": {"x": values}}))]),
        };
        let item = to_item(&thing).unwrap();
        assert!(item["values"].is_s());
        assert_eq!(from_item::<Thing>(item).unwrap(), thing);
    }
}
