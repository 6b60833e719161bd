//! Of fields that say the same thing in two ways a state has one.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

const PAIRS: [(&str, &str); 9] = [
    ("TimeoutSeconds", "TimeoutSecondsPath"),
    ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ("Error", "ErrorPath"),
    ("Cause", "CausePath"),
    ("MaxConcurrency", "MaxConcurrencyPath"),
    ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ("ItemProcessor", "Iterator"),
    ("ItemSelector", "Parameters"),
];
const WAIT: [&str; 4] = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        for (one, other) in PAIRS {
            if state.fields.contains_key(one) && state.fields.contains_key(other) {
                findings.error(
                    document.pointer(state),
                    format!("a state may have only one of [\"{one}\", \"{other}\"]"),
                );
            }
        }
        if state.kind == Some(StateType::Wait) {
            let count = WAIT
                .iter()
                .filter(|name| state.fields.contains_key(**name))
                .count();
            if count != 1 {
                findings.error(
                    document.pointer(state),
                    format!("a Wait state has exactly one of {}", WAIT.join(", ")),
                );
            }
        }
    }
}
