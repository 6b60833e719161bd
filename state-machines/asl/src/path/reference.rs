use serde_json::{Map, Value};

use super::{Path, Step};

/// The place that a `ResultPath` names cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSettable;

impl Path {
    /// Puts a value at the place that this reference path names, making the objects on the way.
    pub fn set(&self, root: Value, value: Value) -> Result<Value, NotSettable> {
        let mut root = root;
        let mut node = &mut root;
        for step in &self.steps {
            node = match step {
                Step::Property(name) => {
                    if !node.is_object() && !node.is_array() {
                        *node = Value::Object(Map::new());
                    }
                    match node {
                        Value::Object(fields) => fields.entry(name.as_str()).or_insert(Value::Null),
                        _ => return Err(NotSettable),
                    }
                }
                Step::Index(index) => usize::try_from(*index)
                    .ok()
                    .and_then(|index| node.as_array_mut()?.get_mut(index))
                    .ok_or(NotSettable)?,
                _ => return Err(NotSettable),
            };
        }
        *node = value;
        Ok(root)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::path::Path;

    #[test]
    fn a_result_lands_where_its_path_says() {
        for (path, root, expected) in [
            ("$", json!({"a": 1}), Some(json!("r"))),
            ("$.b", json!({"a": 1}), Some(json!({"a": 1, "b": "r"}))),
            ("$.a.b.c", json!({"a": 1}), Some(json!({"a": {"b": {"c": "r"}}}))),
            ("$.a[1]", json!({"a": [1, 2]}), Some(json!({"a": [1, "r"]}))),
            ("$.a[2]", json!({"a": [1, 2]}), None),
            ("$.b", json!(7), Some(json!({"b": "r"}))),
        ] {
            let set = Path::parse(path).unwrap().set(root, json!("r")).ok();
            assert_eq!(set, expected, "{path}");
        }
    }
}
