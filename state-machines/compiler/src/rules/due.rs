//! `BAD_DURATION`, `IMPOSSIBLE_DURATION`: a task is due some time after it was opened, and within a year. `UNKNOWN_OUTCOME`:
//! what is decided then is one of its outcomes.

use jiff::Span;

use super::durations::{Wrong, what_is_wrong};
use super::{Findings, Subject, about_node, at, with};
use crate::document::{Kind, Node, UserTask};
use crate::node::{Calendar, Due, Then};
use crate::suggest::did_you_mean;

/// With the weekends between them, that many days are less than an execution may live.
const MOST_WORKDAYS: f64 = 250.0;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::User(task) = &node.kind else { continue };
        let Some(due) = &task.due else { continue };
        let wrong = what_is_wrong(&due.within).or_else(|| what_is_no_working_time(due));
        if let Some((code, en, zh)) = wrong {
            found.push(at(at(about_node(code, node, en, zh), "due"), "within"));
        }
        if let Some(Then::Outcome(outcome)) = &due.then {
            known(node, task, outcome, found);
        }
    }
}

fn what_is_no_working_time(due: &Due) -> Option<Wrong> {
    due.calendar.filter(|calendar| *calendar == Calendar::Workdays)?;
    let within = &due.within;
    let span: Span = within.parse().ok()?;
    if span.get_years() != 0 || span.get_months() != 0 || span.get_weeks() != 0 {
        return Some((
            "IMPOSSIBLE_DURATION",
            format!("`{within}` is no working time: it has days, hours, minutes and seconds."),
            format!("`{within}` 不是工作时间：只能包含天、小时、分钟和秒。"),
        ));
    }
    let hours = f64::from(span.get_days()) * 24.0 + span.days(0).total(jiff::Unit::Hour).ok()?;
    (hours > MOST_WORKDAYS * 24.0).then(|| {
        (
            "IMPOSSIBLE_DURATION",
            format!("`{within}` must be at most {MOST_WORKDAYS} working days."),
            format!("`{within}` 不能超过 {MOST_WORKDAYS} 个工作日。"),
        )
    })
}

fn known(node: &Node, task: &UserTask, outcome: &str, found: &mut Findings) {
    // Where the list was written wrong, nothing is known of it.
    if task.outcomes.is_empty() || task.outcomes.iter().any(|one| one == outcome) {
        return;
    }
    let diagnostic = about_node(
        "UNKNOWN_OUTCOME",
        node,
        format!("`{}` has no outcome `{outcome}`.", node.id),
        format!("`{}` 没有结果 `{outcome}`。", node.id),
    );
    let suggestion = did_you_mean(outcome, task.outcomes.iter().map(String::as_str));
    let then = at(at(diagnostic, "due"), "then");
    found.push(with(at(then, "outcome"), suggestion));
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
    fn working_time_has_days_and_hours() {
        for (text, expected) in [
            ("PT24H", None),
            ("P250D", None),
            ("P1DT4H30M", None),
            ("P249DT25H", Some("IMPOSSIBLE_DURATION")),
            ("PT6001H", Some("IMPOSSIBLE_DURATION")),
            ("P1W", Some("IMPOSSIBLE_DURATION")),
            ("P1M", Some("IMPOSSIBLE_DURATION")),
            ("soon", Some("BAD_DURATION")),
        ] {
            let expected: Vec<String> = expected
                .map(|code| format!("{code} /nodes/1/due/within (ask)"))
                .into_iter()
                .collect();
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            let due = format!(r#"{{"within": "{text}", "calendar": "workdays"}}"#);
            check(&[("/nodes/1/due", &due)], &expected);
        }
    }

    #[test]
    fn what_is_decided_then_is_an_outcome() {
        for (then, expected) in [
            (r#""escalate""#, &[][..]),
            (r#"{"outcome": "reject"}"#, &[]),
            (
                r#"{"outcome": "rejekt"}"#,
                &["UNKNOWN_OUTCOME /nodes/1/due/then/outcome (ask)"],
            ),
        ] {
            check(
                &[(
                    "/nodes/1/due",
                    &format!(r#"{{"within": "PT1H", "then": {then}}}"#),
                )],
                expected,
            );
        }
    }

    #[test]
    fn reminders_are_for_later() {
        check(
            &[("/nodes/1/due", r#"{"within": "PT1H", "remind": "PT10M"}"#)],
            &["NOT_SUPPORTED_YET /nodes/1/due/remind (ask)"],
        );
    }
}
