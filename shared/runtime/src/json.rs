//! Reading JSON strictly: at most 32 levels deep, no member twice, no unknown field; errors say where.

use domain::{Detail, Error, Result, Text};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Levels of nesting that a body may have.
pub const MAX_DEPTH: usize = 32;

/// Reads any JSON value.
pub fn value(bytes: &[u8]) -> Result<Value> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        let message = Text::new(
            format!("The body is not JSON that can be read: {error}."),
            format!("请求体不是可读取的 JSON：{error}。"),
        );
        Error::invalid("", "json", message)
    })
}

/// Reads a value as a type; an error points at the member that does not fit.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| Error::Validation(vec![misfit(&error)]))
}

fn misfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Detail {
    let mut pointer = String::new();
    for segment in error.path() {
        use serde_path_to_error::Segment;
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", domain::form::escape(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{}", domain::form::escape(variant))),
            Segment::Unknown => {}
        }
    }
    let text = error.inner().to_string();
    let quoted = |text: &str| text.split('`').nth(1).map(domain::form::escape);
    if text.starts_with("unknown field") {
        // Serde names the field in the path where it can, in the text always.
        if let Some(field) = quoted(&text).filter(|field| !pointer.ends_with(&format!("/{field}"))) {
            pointer = format!("{pointer}/{field}");
        }
        let message = Text::new("There is no such field.", "没有此字段。");
        return Detail::new(pointer, "unknown_field", message);
    }
    if text.starts_with("missing field") {
        if let Some(field) = quoted(&text) {
            pointer = format!("{pointer}/{field}");
        }
        return Detail::new(
            pointer,
            "required",
            Text::new("This field is required.", "此字段必填。"),
        );
    }
    let message = Text::new(
        format!("This does not fit: {text}."),
        format!("此处的值不合要求：{text}。"),
    );
    Detail::new(pointer, "type", message)
}

/// A value reader that counts levels and refuses a member named twice.
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> std::result::Result<Self, E> {
        if self.depth < MAX_DEPTH {
            Ok(Self {
                depth: self.depth + 1,
            })
        } else {
            Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> std::result::Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self.deeper()?)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.deeper()?)?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the member {name:?} stands twice in one object"
                )));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Body {
        key: String,
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        n: u8,
    }

    #[test]
    fn errors_say_where() {
        for (body, pointer, code) in [
            ("", "", "json"),
            ("{", "", "json"),
            ("{} {}", "", "json"),
            (r#"{"key":"a","key":"b","list":[]}"#, "", "json"),
            (r#"{"key":1,"list":[]}"#, "/key", "type"),
            (r#"{"list":[]}"#, "/key", "required"),
            (r#"{"key":"","list":[{"n":1},{"n":300}]}"#, "/list/1/n", "type"),
            (
                r#"{"key":"","list":[{"n":1,"m/m":2}]}"#,
                "/list/0/m~1m",
                "unknown_field",
            ),
            (r#"{"key":"","list":[{}]}"#, "/list/0/n", "required"),
            ("[]", "", "type"),
        ] {
            let error = value(body.as_bytes()).and_then(typed::<Body>).unwrap_err();
            let found: Vec<_> = error
                .details()
                .iter()
                .map(|d| (d.pointer.as_str(), d.code.as_str()))
                .collect();
            assert_eq!(found, [(pointer, code)], "{body}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(value(nested(MAX_DEPTH).as_bytes()).is_ok());
        for levels in [MAX_DEPTH + 1, 127, 128, 5000, 100_000] {
            assert!(value(nested(levels).as_bytes()).is_err(), "{levels}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = value(&bytes);
        }

        #[test]
        fn what_it_reads_is_what_serde_reads(text in "[\\[\\]{}\",:0-9a-z.e-]{0,40}") {
            if let Ok(read) = value(text.as_bytes()) {
                prop_assert_eq!(read, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
