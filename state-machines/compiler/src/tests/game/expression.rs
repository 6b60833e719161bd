//! Expressions on the data of a token.

use jsonata_core::{Expression, value::JValue};
use serde_json::{Map, Value};

/// `None`: no value. An error: it failed.
pub(super) fn evaluate(source: &str, data: &Map<String, Value>) -> Result<Option<Value>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{source}: {error}");
    let text = Value::Object(data.clone()).to_string();
    let data = JValue::from_json_str(&text).map_err(|error| wrong(&error))?;
    let expression = Expression::compile(source).map_err(|error| wrong(&error))?;
    let value = expression.evaluate(&data).map_err(|error| wrong(&error))?;
    if value.is_undefined() {
        return Ok(None);
    }
    let text = value.to_json_string().map_err(|error| wrong(&error))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| wrong(&error))
}

pub(super) fn holds(source: &str, data: &Map<String, Value>) -> Result<bool, String> {
    Ok(evaluate(source, data)? == Some(Value::Bool(true)))
}

/// `{name: expression}`, all on the same data; those without a value are left out.
pub(super) fn evaluate_all(
    expressions: &Value,
    data: &Map<String, Value>,
) -> Result<Vec<(String, Value)>, String> {
    let mut values = Vec::new();
    for (name, source) in expressions.as_object().into_iter().flatten() {
        if let Some(value) = evaluate(source.as_str().unwrap_or_default(), data)? {
            values.push((name.clone(), value));
        }
    }
    Ok(values)
}
