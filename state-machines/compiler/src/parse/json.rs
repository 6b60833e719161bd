//! JSON as it stands in the text: names that are given twice are told, not lost.

use std::fmt;

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::pointer;

/// Reads `text`; `found` gets a diagnostic for every name that an object gives twice (the last one holds).
pub(super) fn read(text: &str, found: &mut Vec<Diagnostic>) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node {
        at: String::new(),
        found,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Node<'f> {
    at: String,
    found: &'f mut Vec<Diagnostic>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Node {
            at: pointer::index(&self.at, list.len()),
            found: self.found,
        })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let at = pointer::join(&self.at, &name);
            if object.contains_key(&name) {
                self.found.push(twice(&at, &name));
            }
            let value = entries.next_value_seed(Node {
                at,
                found: self.found,
            })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

fn twice(at: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        "DUPLICATE_KEY",
        at,
        Text::new(
            format!("`{name}` is given twice in one object."),
            format!("同一对象中 `{name}` 出现了两次。"),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_serde_json_reads_it() {
        let text = r#"{"a":[1,-2,3.5,"x\n",null,true,{"b":{}}],"":18446744073709551615}"#;
        let mut found = Vec::new();
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(read(text, &mut found).unwrap(), expected);
        assert!(found.is_empty());
    }

    #[test]
    fn names_given_twice_are_told_with_their_place() {
        let mut found = Vec::new();
        read(r#"{"a":1,"b":[{"c/d":1,"c/d":2}],"a":2}"#, &mut found).unwrap();
        let places: Vec<&str> = found.iter().map(|one| one.pointer.as_str()).collect();
        assert_eq!(places, ["/b/0/c~1d", "/a"]);
    }

    #[test]
    fn depth_is_limited() {
        let deep = "[".repeat(5000);
        assert!(read(&deep, &mut Vec::new()).is_err());
    }
}
