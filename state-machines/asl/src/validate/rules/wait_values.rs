//! A Wait rests for seconds in range, or until a timestamp of RFC 3339.

use crate::expression::delimited;
use crate::run::Timestamp;
use crate::types::{QueryLanguage, StateType};
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        if state.kind != Some(StateType::Wait) {
            continue;
        }
        if let Some(seconds) = state.fields.get("Seconds").and_then(serde_json::Value::as_f64)
            && !((0.0..=99_999_999.0).contains(&seconds) && seconds.fract() == 0.0)
        {
            findings.error(
                document.at(state, "Seconds"),
                "Seconds is an integer from 0 to 99999999",
            );
        }
        let Some(text) = state.text("Timestamp") else {
            continue;
        };
        let expression = state.language == QueryLanguage::JSONata && delimited(text).is_some();
        if !expression && Timestamp::parse(text).is_none() {
            findings.error(
                document.at(state, "Timestamp"),
                "String does not match RFC3339 timestamp",
            );
        }
    }
}
