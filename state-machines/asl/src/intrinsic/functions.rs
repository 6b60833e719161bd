use std::cell::RefCell;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::Digest;

use super::Function;
use crate::entropy::Entropy;

/// Longest text that `Base64*` and `Hash` take.
const MAX_TEXT: usize = 10_000;
const MAX_RANGE: i64 = 1000;

pub(super) fn apply(
    function: Function,
    arguments: &[Value],
    entropy: &RefCell<Entropy>,
) -> Result<Value, String> {
    let [first, second, third] = [0, 1, 2].map(|index| arguments.get(index).unwrap_or(&Value::Null));
    match function {
        Function::Format => format(first, arguments.get(1..).unwrap_or_default()),
        Function::StringToJson => string_to_json(text(first)?),
        Function::JsonToString => Ok(first.to_string().into()),
        Function::Array => Ok(arguments.to_vec().into()),
        Function::ArrayPartition => partition(array(first)?, second),
        Function::ArrayContains => Ok(array(first)?.contains(second).into()),
        Function::ArrayRange => range(integer(first)?, integer(second)?, integer(third)?),
        Function::ArrayGetItem => get_item(array(first)?, integer(second)?),
        Function::ArrayLength => Ok(array(first)?.len().into()),
        Function::ArrayUnique => Ok(unique(array(first)?)),
        Function::Base64Encode => Ok(STANDARD.encode(short_text(first)?).into()),
        Function::Base64Decode => base64_decode(short_text(first)?),
        Function::Hash => hash(first, text(second)?).map(Value::from),
        Function::JsonMerge => merge(first, second, third),
        Function::MathRandom => {
            let (start, end) = (rounded(first)?, rounded(second)?);
            let unit = match arguments.get(2) {
                #[expect(clippy::cast_sign_loss, reason = "any bits make a seed")]
                Some(seed) => Entropy::new(rounded(seed)? as u64).unit(),
                None => entropy.borrow_mut().unit(),
            };
            random(start, end, unit)
        }
        Function::MathAdd => rounded(first)?
            .checked_add(rounded(second)?)
            .map(Value::from)
            .ok_or_else(|| "The sum is out of range".to_owned()),
        Function::StringSplit => Ok(split(text(first)?, text(second)?)),
        Function::UUID => Ok(entropy.borrow_mut().uuid().into()),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value
        .as_str()
        .ok_or_else(|| format!("Invalid arguments: expected a string but found {value}"))
}

fn short_text(value: &Value) -> Result<&str, String> {
    let text = text(value)?;
    if text.chars().count() > MAX_TEXT {
        return Err(format!(
            "Input string exceeds the maximum of {MAX_TEXT} characters"
        ));
    }
    Ok(text)
}

fn array(value: &Value) -> Result<&Vec<Value>, String> {
    value
        .as_array()
        .ok_or_else(|| format!("Invalid arguments: expected an array but found {value}"))
}

/// A number, rounded half up as `Math.round` of Java does: -1.5 is -1.
fn rounded(value: &Value) -> Result<i64, String> {
    if let Some(integer) = value.as_i64() {
        return Ok(integer);
    }
    let number = value
        .as_f64()
        .ok_or_else(|| format!("Invalid arguments: expected a number but found {value}"))?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates, as Java does")]
    Ok((number + 0.5).floor() as i64)
}

fn integer(value: &Value) -> Result<i64, String> {
    rounded(value)
}

fn format(template: &Value, arguments: &[Value]) -> Result<Value, String> {
    let template = text(template)?;
    let mut arguments = arguments.iter();
    let mut formatted = String::with_capacity(template.len());
    let mut characters = template.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&escaped @ ('{' | '}'))) => {
                formatted.push(escaped);
                characters.next();
            }
            ('{', Some('}')) => {
                characters.next();
                let argument = arguments
                    .next()
                    .ok_or("Invalid arguments: fewer values than occurrences of {}")?;
                java_text(argument, &mut formatted);
            }
            _ => formatted.push(c),
        }
    }
    if arguments.next().is_some() {
        return Err("Invalid arguments: more values than occurrences of {}".to_owned());
    }
    Ok(formatted.into())
}

/// How Java prints a map or list: `{a=1, b=[x, y]}`.
fn java_text(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                java_text(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (position, (name, value)) in fields.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                out.push_str(name);
                out.push('=');
                java_text(value, out);
            }
            out.push('}');
        }
        other => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{other}");
        }
    }
}

fn string_to_json(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    match serde_json::from_str(text) {
        // JSON has a negative zero, AWS reads it as zero.
        Ok(Value::Number(number)) if number.as_f64() == Some(0.0) && !text.contains(['.', 'e', 'E']) => {
            Ok(0.into())
        }
        Ok(value) => Ok(value),
        Err(_) => Err(format!("The argument is not valid JSON: {text}")),
    }
}

fn partition(items: &[Value], size: &Value) -> Result<Value, String> {
    match usize::try_from(integer(size)?) {
        Ok(size) if size > 0 => Ok(items.chunks(size).map(<[Value]>::to_vec).collect()),
        _ => Err("Invalid arguments: the size of a chunk must be positive".to_owned()),
    }
}

fn range(first: i64, last: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("Invalid arguments: the increment must not be zero".to_owned());
    }
    let mut items = Vec::new();
    let mut next = first;
    while (step > 0 && next <= last) || (step < 0 && next >= last) {
        if items.len() as i64 >= MAX_RANGE {
            return Err(format!("The array must not have more than {MAX_RANGE} items"));
        }
        items.push(Value::from(next));
        match next.checked_add(step) {
            Some(following) => next = following,
            None => break,
        }
    }
    Ok(items.into())
}

fn get_item(items: &[Value], index: i64) -> Result<Value, String> {
    usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index))
        .cloned()
        .ok_or_else(|| format!("Invalid arguments: the index {index} is out of the array"))
}

fn unique(items: &[Value]) -> Value {
    let mut unique: Vec<Value> = Vec::new();
    for item in items {
        if !unique.contains(item) {
            unique.push(item.clone());
        }
    }
    unique.into()
}

fn base64_decode(text: &str) -> Result<Value, String> {
    STANDARD
        .decode(text)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned().into())
        .map_err(|_| "The input is not valid Base64".to_owned())
}

pub(crate) fn hash(data: &Value, algorithm: &str) -> Result<String, String> {
    let data = match data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let data = data.as_bytes();
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    Ok(match algorithm {
        "MD5" => hex(&md5::Md5::digest(data)),
        "SHA-1" => hex(&sha1::Sha1::digest(data)),
        "SHA-256" => hex(&sha2::Sha256::digest(data)),
        "SHA-384" => hex(&sha2::Sha384::digest(data)),
        "SHA-512" => hex(&sha2::Sha512::digest(data)),
        other => return Err(format!("Invalid arguments: there is no hash algorithm {other}")),
    })
}

fn merge(first: &Value, second: &Value, deep: &Value) -> Result<Value, String> {
    if deep != &Value::Bool(false) {
        return Err("Invalid arguments: only the shallow merge (false) is supported".to_owned());
    }
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => {
            let mut merged: Map<String, Value> = first.clone();
            merged.extend(second.clone());
            Ok(merged.into())
        }
        _ => Err("Invalid arguments: expected two objects".to_owned()),
    }
}

fn random(start: i64, end: i64, unit: f64) -> Result<Value, String> {
    let width = end.checked_sub(start).filter(|width| *width > 0);
    let width = width.ok_or("Invalid arguments: the end must be above the start")?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "below the width"
    )]
    let offset = (unit * width as f64) as i64;
    Ok(Value::from(start + offset))
}

/// Each character of the second text separates, and empty parts are left out.
fn split(text: &str, separators: &str) -> Value {
    text.split(|c| separators.contains(c))
        .filter(|part| !part.is_empty())
        .collect()
}
