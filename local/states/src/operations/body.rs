use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::error::AwsError;

type Result<T> = std::result::Result<T, AwsError>;

/// Most levels of data, as the interpreter has it.
const MAX_DEPTH: usize = 100;
/// Most bytes of an input or output.
pub(crate) const MAX_DATA: usize = 262_144;

/// The members of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'a>(&'a Map<String, Value>);

impl<'a> Body<'a> {
    pub(crate) fn new(body: &'a Value) -> Result<Self> {
        body.as_object()
            .map(Self)
            .ok_or_else(|| AwsError::new("SerializationException", "The request is not a JSON object"))
    }

    pub(crate) fn whole(&self) -> Value {
        Value::Object(self.0.clone())
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn typed<T>(&self, name: &str, what: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(AwsError::new(
                "SerializationException",
                format!("The member '{name}' is not {what}"),
            )),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>> {
        self.typed(name, "a string", Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>> {
        self.typed(name, "a boolean", Value::as_bool)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>> {
        self.typed(name, "an integer", Value::as_i64)
    }

    pub(crate) fn array(&self, name: &str) -> Result<Option<&'a Vec<Value>>> {
        self.typed(name, "a list", Value::as_array)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&'a str> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A text of at most so many characters.
    pub(crate) fn short(&self, name: &str, most: usize) -> Result<Option<String>> {
        let text = self.text(name)?;
        if text.is_some_and(|text| text.chars().count() > most) {
            let limit = format!("Member must have length less than or equal to {most}");
            return Err(AwsError::constraint(name, "'...'", &limit));
        }
        Ok(text.map(str::to_owned))
    }

    /// One of a fixed list of words.
    pub(crate) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&'a str>> {
        let text = self.text(name)?;
        match text {
            Some(text) if !words.contains(&text) => {
                let limit = format!("Member must satisfy enum value set: [{}]", words.join(", "));
                Err(AwsError::constraint(name, &format!("'{text}'"), &limit))
            }
            text => Ok(text),
        }
    }

    /// How many a page shall have.
    pub(crate) fn limit(&self) -> Result<usize> {
        match self.number("maxResults")? {
            None | Some(0) => Ok(100),
            Some(number) if (1..=1000).contains(&number) => Ok(usize::try_from(number).unwrap_or(100)),
            Some(number) => {
                let limit = if number < 0 {
                    "Member must have value greater than or equal to 0"
                } else {
                    "Member must have value less than or equal to 1000"
                };
                Err(AwsError::constraint("maxResults", &format!("'{number}'"), limit))
            }
        }
    }

    /// What [`page_token`] was given, for the same list.
    pub(crate) fn page(&self, list: &str) -> Result<Option<String>> {
        let Some(token) = self.text("nextToken")? else {
            return Ok(None);
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let place = text.and_then(|text| {
            let (of, place) = text.split_once('\n')?;
            (of == list).then(|| place.to_owned())
        });
        place
            .map(Some)
            .ok_or_else(|| AwsError::about("InvalidToken", "Invalid token"))
    }
}

/// A token that leads to a place in a list.
pub(crate) fn page_token(list: &str, place: impl std::fmt::Display) -> Value {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{list}\n{place}")).into()
}

pub(crate) fn missing(name: &str) -> AwsError {
    AwsError::constraint(name, "null", "Member must not be null")
}

/// Reads data that will travel through an execution.
pub(crate) fn data(text: &str) -> std::result::Result<Value, String> {
    if text.len() > MAX_DATA {
        return Err(format!("size of {} bytes exceeds {MAX_DATA}", text.len()));
    }
    let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if depth(&value) > MAX_DEPTH {
        return Err(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    Ok(value)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_limits() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(data(&nested(100)).is_ok());
        assert!(data(&nested(101)).is_err());
        assert!(data(&nested(100_000)).is_err());
        assert!(data(&format!("\"{}\"", "x".repeat(MAX_DATA - 2))).is_ok());
        assert!(data(&format!("\"{}\"", "x".repeat(MAX_DATA - 1))).is_err());
    }
}
