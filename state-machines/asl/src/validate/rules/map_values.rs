//! The numbers of a Map are in their ranges.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in document
        .states
        .iter()
        .filter(|state| state.kind == Some(StateType::Map))
    {
        for (field, most, whole) in [
            ("MaxConcurrency", f64::INFINITY, true),
            ("ToleratedFailureCount", f64::INFINITY, true),
            ("ToleratedFailurePercentage", 100.0, false),
        ] {
            let Some(number) = state.fields.get(field).and_then(serde_json::Value::as_f64) else {
                continue;
            };
            if number < 0.0 || number > most || (whole && number.fract() != 0.0) {
                findings.error(document.at(state, field), format!("{field} is out of its range"));
            }
        }
    }
}
