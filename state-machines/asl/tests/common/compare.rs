//! Compares what a recording shows with what this crate emits, after undoing what the recording changed.

use std::collections::HashMap;

use serde_json::Value;

/// What placeholders were bound to, and the words that stand for a value of any kind.
pub(crate) struct Comparison {
    bound: HashMap<String, String>,
    words: Vec<String>,
}

/// JSON text becomes JSON, at every level, on both sides.
pub(crate) fn normalised(value: &Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(parsed) => normalised(&parsed),
            Err(_) => value.clone(),
        },
        Value::Array(items) => items.iter().map(normalised).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), normalised(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Words that the corpus's page names as fixed replacements.
const FIXED: [&str; 6] = [
    "snf_role_arn",
    "sqs_queue_url",
    "RequestId",
    "X-Amzn-Trace-Id",
    "x-amzn-RequestId",
    "generated-uuid",
];

impl Comparison {
    /// `redactions` is the recording's own list of what it replaced.
    pub(crate) fn new(redactions: &Value) -> Self {
        let words = redactions.as_array().into_iter().flatten();
        let words = words.filter_map(|redaction| Some(redaction["replacement"].as_str()?.to_owned()));
        Self {
            bound: HashMap::new(),
            words: words.chain(FIXED.map(str::to_owned)).collect(),
        }
    }

    /// The first difference, with where it is.
    pub(crate) fn difference(&mut self, expected: &Value, actual: &Value, at: &str) -> Option<String> {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => {
                for (name, value) in expected {
                    let Some(other) = actual.get(name) else {
                        return Some(format!("{at}/{name}: missing, expected {value}"));
                    };
                    let instant = name.to_lowercase().contains("timestamp") && value == "timestamp";
                    if instant {
                        continue;
                    }
                    if let Some(difference) = self.difference(value, other, &format!("{at}/{name}")) {
                        return Some(difference);
                    }
                }
                let extra = actual.keys().find(|name| !expected.contains_key(*name));
                extra.map(|name| format!("{at}/{name}: not expected"))
            }
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                let pairs = left.iter().zip(right).enumerate();
                let mut differences =
                    pairs.filter_map(|(index, (l, r))| self.difference(l, r, &format!("{at}/{index}")));
                differences.next()
            }
            (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => None,
            (Value::String(pattern), other) if self.stands_for(pattern, other) => None,
            (expected, actual) if expected == actual => None,
            (expected, actual) => Some(format!("{at}: expected {expected}, got {actual}")),
        }
    }

    fn stands_for(&mut self, pattern: &str, actual: &Value) -> bool {
        if self.words.iter().any(|word| word == pattern) {
            return true;
        }
        let text = match actual {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // A request kept the fixed word where the answer shows the value's own placeholders.
        if pattern.contains('<') && (text == "snf_role_arn" || text.starts_with("arns-")) {
            return true;
        }
        if pattern == text {
            return true;
        }
        if pattern == "date" {
            return asl::Timestamp::parse(&text).is_some();
        }
        self.matches(pattern, &text)
    }

    /// A text with placeholders `<name:1>`: equal placeholders mean equal values.
    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let Some((before, rest)) = pattern.split_once('<') else {
            return pattern == text;
        };
        let Some((name, after)) = split_name(rest) else {
            return pattern == text;
        };
        let Some(text) = text.strip_prefix(before) else {
            return false;
        };
        if let Some(known) = self.bound.get(name).cloned() {
            let rest = text.strip_prefix(known.as_str());
            if rest.is_some_and(|rest| self.matches(after, rest)) {
                return true;
            }
        } else {
            // A placeholder that the input already held stands for itself.
            let itself = format!("<{name}>");
            if let Some(rest) = text.strip_prefix(itself.as_str())
                && self.matches(after, rest)
            {
                return true;
            }
            let literal = after.split('<').next().unwrap_or_default();
            let ends: Vec<usize> = if literal.is_empty() && after.is_empty() {
                vec![text.len()]
            } else {
                text.match_indices(literal)
                    .map(|(end, _)| end)
                    .filter(|end| *end > 0)
                    .collect()
            };
            for end in ends {
                if name.contains(':') || name.contains("idx") {
                    self.bound.insert(name.to_owned(), text[..end].to_owned());
                }
                if self.matches(after, &text[end..]) {
                    return true;
                }
                self.bound.remove(name);
            }
        }
        let itself = format!("<{name}>");
        text.strip_prefix(itself.as_str())
            .is_some_and(|rest| self.matches(after, rest))
    }
}

/// The name of a placeholder and what follows; a replacement may itself have been written in angle brackets.
fn split_name(rest: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if depth == 0 => return Some((&rest[..at], &rest[at + 1..])),
            '>' => depth -= 1,
            _ => {}
        }
    }
    None
}
