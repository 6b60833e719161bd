//! The numbers of a retrier are in their ranges.

use crate::validate::document::Document;
use crate::validate::report::Findings;

const MOST: f64 = 99_999_999.0;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        for (index, retrier) in state.objects("Retry") {
            let mut tell = |field: &str, message: &str| {
                findings.error(document.at(state, &format!("Retry/{index}/{field}")), message);
            };
            let whole = |field: &str, least: f64, most: f64| {
                retrier.get(field).is_some_and(|value| {
                    !value
                        .as_f64()
                        .is_some_and(|n| n.fract() == 0.0 && n >= least && n <= most)
                })
            };
            if whole("IntervalSeconds", 1.0, MOST) {
                tell(
                    "IntervalSeconds",
                    "IntervalSeconds is an integer from 1 to 99999999",
                );
            }
            if whole("MaxAttempts", 0.0, MOST) {
                tell("MaxAttempts", "MaxAttempts is an integer from 0 to 99999999");
            }
            if whole("MaxDelaySeconds", 1.0, 31_622_400.0) {
                tell(
                    "MaxDelaySeconds",
                    "MaxDelaySeconds is an integer from 1 to 31622400",
                );
            }
            if retrier
                .get("BackoffRate")
                .is_some_and(|rate| !rate.as_f64().is_some_and(|rate| rate >= 1.0))
            {
                tell("BackoffRate", "BackoffRate is a number that is at least 1.0");
            }
            if retrier
                .get("JitterStrategy")
                .is_some_and(|jitter| !matches!(jitter.as_str(), Some("FULL" | "NONE")))
            {
                tell("JitterStrategy", "JitterStrategy is FULL or NONE");
            }
            let number = |field: &str| retrier.get(field).and_then(serde_json::Value::as_f64);
            if let Some(delay) = number("MaxDelaySeconds")
                && delay <= number("IntervalSeconds").unwrap_or(1.0)
            {
                tell("MaxDelaySeconds", "MaxDelaySeconds is above IntervalSeconds");
            }
        }
    }
}
