//! Expressions of the engines, as far as they are about variables: `${x > 5}` is `x > 5`. The variables become fields of the form.

use serde_json::{Map, Value, json};

/// The fields that expressions were found to read.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn schema(self) -> Value {
        json!({"type": "object", "properties": self.0})
    }

    fn add(&mut self, name: &str, kind: &str) {
        let (field, rest) = name.split_once('.').unwrap_or((name, ""));
        let mut schema = json!({"type": kind});
        for part in rest.split('.').filter(|part| !part.is_empty()).rev() {
            schema = json!({"type": "object", "properties": {part: schema}});
        }
        self.0.entry(field).or_insert(schema);
    }

    pub(super) fn list(&mut self, name: &str) {
        self.add(name, "array");
    }

    /// A condition.
    pub(super) fn condition(&mut self, source: &str) -> String {
        let source = unwrapped(source)
            .replace("&&", " and ")
            .replace("||", " or ")
            .replace("==", "=");
        let source = equals(&source);
        let words = words(&source);
        for (at, word) in words.iter().enumerate() {
            if !is_name(word) || COUNTERS.contains(&word.as_str()) {
                continue;
            }
            let next = words.get(at + 1).map_or("", String::as_str);
            let value = words.get(at + 2).map_or("", String::as_str);
            let kind = match next {
                "=" | "!=" if value.starts_with(['"', '\'']) => "string",
                "" | "and" | "or" | ")" => "boolean",
                _ => "number",
            };
            self.add(word, kind);
        }
        source.trim().to_owned()
    }

    /// A value: what it is decides the place where it stands.
    pub(super) fn value(&mut self, source: &str, kind: &str) -> Option<String> {
        let inner = source
            .trim()
            .strip_prefix("${")
            .or_else(|| source.trim().strip_prefix("#{"))?;
        let inner = inner.trim_end_matches('}').trim();
        if is_name(inner) {
            self.add(inner, kind);
        }
        Some(inner.to_owned())
    }
}

const COUNTERS: [&str; 3] = ["nrOfInstances", "nrOfCompletedInstances", "loopCounter"];

fn unwrapped(source: &str) -> String {
    let source = source.trim();
    let inner = source.strip_prefix("${").or_else(|| source.strip_prefix("#{"));
    inner
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(source)
        .to_owned()
}

/// `var:equals(input,1)` is `input = 1`.
fn equals(source: &str) -> String {
    let inner = source.trim().strip_prefix("var:equals(");
    let inner = inner.and_then(|inner| inner.strip_suffix(')'));
    match inner.and_then(|inner| inner.split_once(',')) {
        Some((name, value)) => format!("{} = {}", name.trim(), value.trim()),
        None => source.to_owned(),
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && !["true", "false", "and", "or", "in"].contains(&word)
}

/// Names with their dots, operators, and literals.
fn words(source: &str) -> Vec<String> {
    let kind = |letter: char| match letter {
        _ if letter.is_alphanumeric() || "_.\"'".contains(letter) => 1,
        '<' | '>' | '=' | '!' => 2,
        _ if letter.is_whitespace() => 0,
        _ => 3,
    };
    let mut words: Vec<String> = Vec::new();
    let mut before = 0;
    for letter in source.chars() {
        let now = kind(letter);
        match words.last_mut() {
            Some(word) if now == before && now != 3 && now != 0 => word.push(letter),
            _ if now != 0 => words.push(letter.to_string()),
            _ => {}
        }
        before = now;
    }
    words
}
