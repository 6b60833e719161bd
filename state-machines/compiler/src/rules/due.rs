//! `BAD_DURATION`, `IMPOSSIBLE_DURATION`: a task is due some time after it was opened, and within a year.

use jiff::{Span, SpanRelativeTo, SpanRound, Unit};

use super::{Findings, Subject, about_node};
use crate::document::Kind;

/// The longest that a human task can stay open, in seconds: less than an execution may live.
const LONGEST: f64 = 364.0 * 24.0 * 3600.0;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::User(task) = &node.kind else { continue };
        let Some(within) = &task.within else { continue };
        let mut diagnostic = match seconds(within) {
            None => about_node(
                "BAD_DURATION",
                node,
                format!("`{within}` is not an ISO 8601 duration such as PT24H or P3D."),
                format!("`{within}` 不是 ISO 8601 时长（例如 PT24H 或 P3D）。"),
            ),
            Some(seconds) if seconds <= 0.0 || seconds > LONGEST => about_node(
                "IMPOSSIBLE_DURATION",
                node,
                format!("`{within}` must be longer than nothing and at most 364 days."),
                format!("`{within}` 必须大于零且不超过 364 天。"),
            ),
            Some(_) => continue,
        };
        diagnostic.pointer = format!("{}/due/within", node.pointer);
        found.push(diagnostic);
    }
}

/// A duration's length, a month being a twelfth of a year.
fn seconds(text: &str) -> Option<f64> {
    // Jiff also reads "24 hours"; the language has one form.
    if !text.starts_with('P') {
        return None;
    }
    let span: Span = text.parse().ok()?;
    let (months, rest) = (
        f64::from(span.get_years()) * 12.0 + f64::from(span.get_months()),
        span.years(0).months(0),
    );
    let options = SpanRound::new()
        .largest(Unit::Second)
        .relative(SpanRelativeTo::days_are_24_hours());
    let rest = rest.round(options).ok()?;
    let rest = rest
        .total((Unit::Second, SpanRelativeTo::days_are_24_hours()))
        .ok()?;
    Some(months * 365.0 / 12.0 * 24.0 * 3600.0 + rest)
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use crate::rules::testing::check;

    #[test]
    fn durations_are_iso_8601() {
        for (text, expected) in [
            ("PT24H", Some(86_400.0)),
            ("P1DT1S", Some(86_401.0)),
            ("P2W", Some(1_209_600.0)),
            ("P1M", Some(2_628_000.0)),
            ("PT0S", Some(0.0)),
            ("P", None),
            ("", None),
            ("24h", None),
            ("24 hours", None),
            ("PT1H1H", None),
            ("P99999999999999999999D", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn a_task_is_due_within_a_year() {
        for (text, expected) in [
            ("PT24H", None),
            ("P1M", None),
            ("tomorrow", Some("BAD_DURATION")),
            ("PT0S", Some("IMPOSSIBLE_DURATION")),
            ("-PT1H", Some("BAD_DURATION")),
            ("P1Y", Some("IMPOSSIBLE_DURATION")),
            ("P19998Y", Some("IMPOSSIBLE_DURATION")),
        ] {
            let expected: Vec<String> = expected
                .map(|code| format!("{code} /nodes/1/due/within (ask)"))
                .into_iter()
                .collect();
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            check(
                &[("/nodes/1/due", &format!(r#"{{"within": "{text}"}}"#))],
                &expected,
            );
        }
    }

    #[test]
    fn calendars_and_escalation_are_for_later() {
        check(
            &[(
                "/nodes/1/due",
                r#"{"within": "PT1H", "calendar": "workdays", "then": "escalate"}"#,
            )],
            &[
                "NOT_SUPPORTED_YET /nodes/1/due/calendar (ask)",
                "NOT_SUPPORTED_YET /nodes/1/due/then (ask)",
            ],
        );
    }
}
