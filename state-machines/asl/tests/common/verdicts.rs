//! Definitions of which it is known whether they are valid.

use asl::Severity;
use asl::validate::{self, MachineType};
use serde_json::Value;

/// What AWS said of a definition.
pub(crate) fn check_recorded(case: &Value) -> Result<(), String> {
    let text = match case["definition_raw"].as_str() {
        Some(raw) => raw.to_owned(),
        None => case["definition"].to_string(),
    };
    let kind = if case["type"] == "EXPRESS" {
        MachineType::Express
    } else {
        MachineType::Standard
    };
    judge(&text, kind, case["expected"] == "OK")
}

/// A definition in a file, with substitutions in the place of ARNs, names or numbers.
pub(crate) fn check_file(text: &str, entry: &Value) -> Result<(), String> {
    judge(
        &substituted(text),
        MachineType::Standard,
        entry["expected"] == "valid",
    )
}

pub(crate) fn judge(text: &str, kind: MachineType, valid: bool) -> Result<(), String> {
    let diagnostics = validate::text(text, kind);
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    match (errors.is_empty(), valid) {
        (true, false) => Err("accepted, but it is invalid".to_owned()),
        (false, true) => Err(errors.join("; ")),
        _ => Ok(()),
    }
}

/// Puts an ARN where a whole text is substituted, a name within a text, a number elsewhere.
fn substituted(text: &str) -> String {
    let mut result = String::new();
    let mut in_text = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
            let whole = result.ends_with('"') && after.starts_with('"');
            match (in_text, whole) {
                (true, true) => result.push_str("arn:aws:lambda:us-east-1:111111111111:function:f"),
                (true, false) => result.push_str(name),
                (false, _) => result.push('1'),
            }
            rest = after;
            continue;
        }
        if c == '"' && !result.ends_with('\\') {
            in_text = !in_text;
        }
        result.push(c);
        rest = &rest[c.len_utf8()..];
    }
    result
}
