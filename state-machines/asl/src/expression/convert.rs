use jsonata_core::value::JValue;
use serde_json::Value;

use super::ExpressionError;
use crate::value::number;

pub(super) fn to_jsonata(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(bool) => JValue::Bool(*bool),
        Value::Number(number) => JValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => JValue::string(text.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(to_jsonata).collect()),
        Value::Object(fields) => JValue::object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), to_jsonata(value)))
                .collect(),
        ),
    }
}

/// An expression may give nothing; within arrays and objects, nothing is left out.
pub(super) fn from_jsonata(value: &JValue) -> Result<Value, ExpressionError> {
    match value {
        JValue::Undefined => Err(ExpressionError::Undefined),
        JValue::Null => Ok(Value::Null),
        JValue::Bool(bool) => Ok(Value::Bool(*bool)),
        JValue::Number(value) => Ok(number(*value)),
        JValue::String(text) => Ok(Value::String(text.to_string())),
        JValue::Array(items) => items
            .iter()
            .filter(|item| !item.is_undefined())
            .map(from_jsonata)
            .collect(),
        JValue::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_undefined())
            .map(|(name, value)| Ok((name.clone(), from_jsonata(value)?)))
            .collect(),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => Err(ExpressionError::NotJson),
    }
}
