//! A value that a schema describes: its example where it has one, else the simplest.

use serde_json::{Map, Value, json};

/// Deeper schemas refer to themselves.
const DEEPEST: usize = 8;

pub(super) fn sample(document: &Value, schema: &Value) -> Value {
    at_depth(document, schema, 0)
}

fn at_depth(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference
            .strip_prefix('#')
            .and_then(|path| document.pointer(path));
        return target.map_or(Value::Null, |target| at_depth(document, target, depth + 1));
    }
    for given in ["/example", "/examples/0", "/const", "/enum/0"] {
        if let Some(value) = schema.pointer(given) {
            return value.clone();
        }
    }
    for alternatives in ["oneOf", "anyOf", "allOf"] {
        let alternatives = schema.get(alternatives).and_then(Value::as_array);
        let first = alternatives
            .into_iter()
            .flatten()
            .find(|schema| schema.get("type") != Some(&json!("null")));
        if let Some(first) = first {
            return at_depth(document, first, depth + 1);
        }
    }
    of_type(document, schema, depth)
}

fn of_type(document: &Value, schema: &Value, depth: usize) -> Value {
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.first(),
        one => one,
    };
    match types.and_then(Value::as_str) {
        Some("string") => match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => json!("2026-11-20T08:00:00Z"),
            Some("date") => json!("2026-11-20"),
            _ => json!("text"),
        },
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => {
            let items = schema
                .get("items")
                .map(|items| at_depth(document, items, depth + 1));
            items.into_iter().collect()
        }
        Some("null") => Value::Null,
        _ => Value::Object(members(document, schema, depth)),
    }
}

/// Those that must be there, and those that have an example.
fn members(document: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let required = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.into_iter().flatten().any(|member| member == name)
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter(|(name, property)| required(name) || property.get("example").is_some())
        .map(|(name, property)| (name.clone(), at_depth(document, property, depth + 1)))
        .collect()
}
