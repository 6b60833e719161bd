//! What AWS would refuse, all of it at once.
//!
//! A rule looks at the whole [`Document`] and reports what it finds; each is a file in `rules`, with its code, and
//! `rules.md` lists them. Rules work on the JSON as written, so that a definition that is wrong in one place is
//! still checked in every other.

mod document;
mod queries;
mod report;
mod rules;

use serde_json::Value;

pub use crate::diagnostic::{Diagnostic, Severity};

use document::Document;
use report::Report;
pub use rules::codes;

/// Longest definition, in bytes.
pub const MAX_DEFINITION: usize = 1_048_576;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MachineType {
    #[default]
    Standard,
    Express,
}

/// Checks a definition's text.
pub fn text(text: &str, machine_type: MachineType) -> Vec<Diagnostic> {
    if text.len() > MAX_DEFINITION {
        let message = format!(
            "the definition has {} bytes, more than {MAX_DEFINITION}",
            text.len()
        );
        return vec![Diagnostic::error("DEFINITION_SIZE", "", message)];
    }
    match serde_json::from_str(text) {
        Ok(definition) => value(&definition, machine_type),
        Err(error) => vec![Diagnostic::error("JSON_SYNTAX", "", error.to_string())],
    }
}

/// Checks a definition.
pub fn value(definition: &Value, machine_type: MachineType) -> Vec<Diagnostic> {
    let Value::Object(fields) = definition else {
        return vec![Diagnostic::error(
            "DEFINITION_TYPE",
            "",
            "a definition is a JSON object",
        )];
    };
    let document = Document::read(fields, machine_type);
    let mut report = Report::default();
    for rule in rules::RULES {
        (rule.check)(&document, &mut report.of(rule.code));
    }
    report.finish()
}
