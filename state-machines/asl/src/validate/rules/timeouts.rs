//! Timeouts are positive, and a heartbeat is below the timeout.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    if let Some(timeout) = document.fields.get("TimeoutSeconds") {
        let valid = timeout
            .as_u64()
            .is_some_and(|seconds| (1..=99_999_999).contains(&seconds));
        if !valid {
            findings.error(
                "/TimeoutSeconds",
                "TimeoutSeconds is an integer from 1 to 99999999",
            );
        }
    }
    for state in &document.states {
        let number = |field: &str| state.fields.get(field).and_then(serde_json::Value::as_f64);
        for field in ["TimeoutSeconds", "HeartbeatSeconds"] {
            if number(field)
                .is_some_and(|seconds| !(1.0..=99_999_999.0).contains(&seconds) || seconds.fract() != 0.0)
            {
                findings.error(
                    document.at(state, field),
                    format!("{field} is an integer from 1 to 99999999"),
                );
            }
        }
        // Without a timeout of its own a task may take as long as the machine, so any heartbeat is below it.
        if let (Some(heartbeat), Some(timeout)) = (number("HeartbeatSeconds"), number("TimeoutSeconds"))
            && heartbeat >= timeout
        {
            findings.error(
                document.at(state, "HeartbeatSeconds"),
                "HeartbeatSeconds is below TimeoutSeconds",
            );
        }
    }
}
