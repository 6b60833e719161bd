//! `BAD_DURATION`, `IMPOSSIBLE_DURATION`, `BAD_DATE`, `IMPOSSIBLE_DATE`, `BAD_CYCLE`, `CYCLE_INTERRUPTS`,
//! `CYCLE_WAITS_ONCE`: timers go off at a time that there is, and as often as their event can occur.

use domain::text::Text;
use jiff::Timestamp;

use super::durations::{LONGEST, Wrong, seconds, what_is_wrong};
use super::{Findings, Subject, about_node, at, with};
use crate::document::{Event, Kind, Timer, TimerKind, TimerValue};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let (event, listens_on) = match &node.kind {
            Kind::Catch(event) => (event, None),
            Kind::Boundary(boundary) => (&boundary.event, Some(!boundary.interrupting)),
            Kind::Start(Some(start)) => (&start.event, Some(!start.interrupting)),
            _ => continue,
        };
        let Event::Timer(timer) = event else { continue };
        for (wrong, suggestion) in literal(timer)
            .map(|wrong| (wrong, None))
            .into_iter()
            .chain(cycle(timer, listens_on))
        {
            let (code, en, zh) = wrong;
            let diagnostic = at(at(about_node(code, node, en, zh), "timer"), timer.kind.as_str());
            found.push(with(diagnostic, suggestion));
        }
    }
}

fn cycle(timer: &Timer, listens_on: Option<bool>) -> Option<(Wrong, Option<Text>)> {
    let wrong = match listens_on {
        _ if timer.kind != TimerKind::Cycle => return None,
        Some(true) => return None,
        Some(false) => (
            "CYCLE_INTERRUPTS",
            "An event that interrupts occurs once; `timeCycle` is for those that do not.".to_owned(),
            "中断事件只发生一次；`timeCycle` 只用于非中断事件。".to_owned(),
        ),
        None => (
            "CYCLE_WAITS_ONCE",
            "An event on the way is waited for once; it has no `timeCycle`.".to_owned(),
            "途中的事件只等待一次，不能使用 `timeCycle`。".to_owned(),
        ),
    };
    let suggestion = Text::new(
        "Use `timeDuration`, or a boundary event with `\"interrupting\": false`.",
        "请使用 `timeDuration`，或带 `\"interrupting\": false` 的边界事件。",
    );
    Some((wrong, Some(suggestion)))
}

fn literal(timer: &Timer) -> Option<Wrong> {
    let TimerValue::Literal(text) = &timer.value else {
        return None;
    };
    match timer.kind {
        TimerKind::Duration => what_is_wrong(text),
        TimerKind::Date => date(text),
        TimerKind::Cycle => repetition(text),
    }
}

fn date(text: &str) -> Option<Wrong> {
    if !is_date(text) {
        return Some((
            "BAD_DATE",
            format!("`{text}` is not a date and time such as 2026-12-24T17:00:00Z."),
            format!("`{text}` 不是日期时间（例如 2026-12-24T17:00:00Z）。"),
        ));
    }
    let is_real = text.parse::<Timestamp>().is_ok();
    (!is_real).then(|| {
        (
            "IMPOSSIBLE_DATE",
            format!("There is no `{text}` in the calendar."),
            format!("日历中没有 `{text}`。"),
        )
    })
}

/// RFC 3339 as state machines take it: with seconds, `T`, and `Z` or an offset.
fn is_date(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00")
}

fn repetition(text: &str) -> Option<Wrong> {
    let parts = text.strip_prefix('R').and_then(|rest| rest.split_once('/'));
    let is_count = |count: &str| {
        let is_number = count.chars().all(|letter| letter.is_ascii_digit());
        count.is_empty() || is_number && count.parse::<u32>().is_ok_and(|count| count > 0)
    };
    let interval = parts.filter(|(count, _)| is_count(count));
    match interval.and_then(|(_, interval)| seconds(interval)) {
        None => Some((
            "BAD_CYCLE",
            format!("`{text}` is not a repetition such as R3/PT1H (three times) or R/PT1H (without end)."),
            format!("`{text}` 不是重复周期（例如 R3/PT1H 为三次，R/PT1H 为不限次数）。"),
        )),
        Some(seconds) if !(1.0..=LONGEST).contains(&seconds) => Some((
            "BAD_CYCLE",
            format!("What `{text}` repeats must be at least a second and at most 364 days long."),
            format!("`{text}` 的间隔必须至少一秒且不超过 364 天。"),
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{event_sub, process};

    #[test]
    fn timers_go_off_at_a_time_that_there_is() {
        for (kind, text, code) in [
            ("timeDuration", "PT1H", None),
            ("timeDuration", "1h", Some("BAD_DURATION")),
            ("timeDuration", "PT0S", Some("IMPOSSIBLE_DURATION")),
            ("timeDuration", "P1Y", Some("IMPOSSIBLE_DURATION")),
            ("timeDate", "2026-12-24T17:00:00Z", None),
            ("timeDate", "2026-12-24T17:00:00.5+08:00", None),
            ("timeDate", "2026-12-24", Some("BAD_DATE")),
            ("timeDate", "2026-12-24T17:00Z", Some("BAD_DATE")),
            ("timeDate", "2026-12-24T17:00:00", Some("BAD_DATE")),
            ("timeDate", "2026-02-30T17:00:00Z", Some("IMPOSSIBLE_DATE")),
            ("timeDate", "2026-12-24T25:00:00Z", Some("IMPOSSIBLE_DATE")),
            ("timeCycle", "R3/PT1H", None),
            ("timeCycle", "R/PT1S", None),
            ("timeCycle", "PT1H", Some("BAD_CYCLE")),
            ("timeCycle", "R0/PT1H", Some("BAD_CYCLE")),
            ("timeCycle", "R-1/PT1H", Some("BAD_CYCLE")),
            ("timeCycle", "R99999999999/PT1H", Some("BAD_CYCLE")),
            ("timeCycle", "R3/hourly", Some("BAD_CYCLE")),
            ("timeCycle", "R/PT0.5S", Some("BAD_CYCLE")),
            ("timeCycle", "R/P1Y", Some("BAD_CYCLE")),
        ] {
            let start = json!({"timer": {kind: text}, "interrupting": false});
            let expected = code.map(|code| format!("{code} /nodes/2/nodes/0/timer/{kind} (start-late)"));
            process(
                event_sub("late", start, json!([]), &["start-late > end-late"]),
                &["start > end"],
                &expected.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        }
    }

    #[test]
    fn only_what_does_not_interrupt_repeats() {
        let cycle = json!({"timeCycle": "R3/PT1H"});
        process(
            event_sub(
                "late",
                json!({"timer": cycle}),
                json!([]),
                &["start-late > end-late"],
            ),
            &["start > end"],
            &["CYCLE_INTERRUPTS /nodes/2/nodes/0/timer/timeCycle (start-late)"],
        );
        process(
            json!({"id": "wait", "type": "intermediateCatchEvent", "timer": cycle}),
            &["start > wait > end"],
            &["CYCLE_WAITS_ONCE /nodes/2/timer/timeCycle (wait)"],
        );
        let ask = json!({"id": "ask", "type": "userTask", "assign": [{"starter": "self"}]});
        let mut late = json!({"id": "late", "type": "boundaryEvent", "attachedTo": "ask", "timer": cycle});
        let flows = ["start > ask > end", "late > end"];
        let told = "CYCLE_INTERRUPTS /nodes/3/timer/timeCycle (late)";
        process(json!([ask, late]), &flows, &[told]);
        late["interrupting"] = false.into();
        process(json!([ask, late]), &flows, &[]);
    }
}
