use asl::Severity;
use asl::validate::{self, MachineType};
use serde_json::{Value, json};

use super::body::Body;
use crate::error::Result;

/// What AWS would find wrong with a definition.
pub(super) fn validate(body: Body<'_>) -> Result<Value> {
    let definition = body.required("definition")?;
    let kind = match body.word("type", &["STANDARD", "EXPRESS"])? {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    };
    let warnings = body.word("severity", &["ERROR", "WARNING"])? == Some("WARNING");
    let most = match body.number("maxResults")? {
        None | Some(0) => 100,
        Some(number) => usize::try_from(number.clamp(1, 100)).unwrap_or(100),
    };
    let found = validate::text(definition, kind);
    let failed = found.iter().any(|one| one.severity == Severity::Error);
    let told: Vec<_> = found
        .iter()
        .filter(|one| warnings || one.severity == Severity::Error)
        .collect();
    let diagnostics: Vec<Value> = told
        .iter()
        .take(most)
        .map(|one| {
            json!({
                "severity": if one.severity == Severity::Error { "ERROR" } else { "WARNING" },
                "code": one.code,
                "message": one.message,
                "location": one.pointer,
            })
        })
        .collect();
    Ok(json!({
        "result": if failed { "FAIL" } else { "OK" },
        "diagnostics": diagnostics,
        "truncated": told.len() > most,
    }))
}
