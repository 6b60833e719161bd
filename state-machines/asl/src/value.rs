//! What is done with JSON values in more than one place.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Most bytes that an input, output or variable may have as JSON text.
pub(crate) const MAX_PAYLOAD: usize = 262_144;

/// Most levels that data may have: what the reader of JSON accepts, less the levels that wrap it in a
/// serialized execution.
pub(crate) const MAX_DEPTH: usize = 100;

/// Compares by value, whatever the notation: 1 is 1.0.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => {
            let number = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
            number(left)
                .partial_cmp(&number(right))
                .unwrap_or(Ordering::Equal)
        }
    }
}

/// The number as an integer where it is one, so that 3.0 is written 3.
pub(crate) fn number(value: f64) -> Value {
    // Beyond 2^53 not every integer is a double, and JSON would show digits that nobody computed.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "the line above bounds it")]
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The name that JSONata's `$type` gives.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value is within the limits on size and depth. The size is that of compact JSON without counting
/// escapes, so it errs on the side of the author.
pub(crate) fn within_limits(value: &Value) -> bool {
    let mut size = 0_usize;
    measure(value, 0, &mut size)
}

fn measure(value: &Value, depth: usize, size: &mut usize) -> bool {
    if depth > MAX_DEPTH || *size > MAX_PAYLOAD {
        return false;
    }
    match value {
        Value::Null | Value::Bool(true) => *size += 4,
        Value::Bool(false) => *size += 5,
        Value::Number(_) => *size += 1,
        Value::String(text) => *size += text.len() + 2,
        Value::Array(items) => {
            *size += 1 + items.len().max(1);
            return items.iter().all(|item| measure(item, depth + 1, size)) && *size <= MAX_PAYLOAD;
        }
        Value::Object(fields) => {
            *size += 1 + fields.len().max(1);
            return fields.iter().all(|(name, value)| {
                *size += name.len() + 3;
                measure(value, depth + 1, size)
            }) && *size <= MAX_PAYLOAD;
        }
    }
    *size <= MAX_PAYLOAD
}
