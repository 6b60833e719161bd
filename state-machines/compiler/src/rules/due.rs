//! `BAD_DURATION`, `IMPOSSIBLE_DURATION`: a task is due some time after it was opened, and within a year.

use super::durations::what_is_wrong;
use super::{Findings, Subject, about_node, at};
use crate::document::Kind;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::User(task) = &node.kind else { continue };
        let Some(within) = &task.within else { continue };
        if let Some((code, en, zh)) = what_is_wrong(within) {
            found.push(at(at(about_node(code, node, en, zh), "due"), "within"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

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
