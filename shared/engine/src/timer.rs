//! When timers are due. Days, weeks and months of a duration are those of the calendar, in UTC.

use domain::place::{Awaited, Due, Timer};
use domain::{Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::{Span, Timestamp, tz::TimeZone};

/// The first of the timers among the events of a place that was opened at `opened_at`. `occurrence`: which opening of a
/// listener this is, from 1; a duration and a date occur once, a cycle as often as it says.
pub fn first_due(events: &[Awaited], opened_at: Timestamp, occurrence: u32) -> Result<Option<Due>> {
    let mut first: Option<Due> = None;
    for event in events {
        let Some(timer) = &event.timer else { continue };
        let Some(at) = due(timer, event.since.unwrap_or(opened_at), occurrence)? else {
            continue;
        };
        if first.as_ref().is_none_or(|first| at < first.at) {
            let node = event.node.clone();
            first = Some(Due { at, node });
        }
    }
    Ok(first)
}

fn due(timer: &Timer, since: Timestamp, occurrence: u32) -> Result<Option<Timestamp>> {
    if let Some(cycle) = &timer.time_cycle {
        return cycled(cycle, since, occurrence);
    }
    if occurrence > 1 {
        return Ok(None);
    }
    match (&timer.time_duration, &timer.time_date) {
        (Some(duration), _) => after(since, &span(duration)?).map(Some),
        (None, Some(date)) => instant(date).map(Some),
        (None, None) => Ok(None),
    }
}

/// `R3/PT1H`, `R/PT1H`, and with the instant from which to count: `R3/2026-01-01T00:00:00Z/PT1H`.
fn cycled(cycle: &str, since: Timestamp, occurrence: u32) -> Result<Option<Timestamp>> {
    let mut parts = cycle.split('/');
    let times = parts.next().and_then(|part| part.strip_prefix('R'));
    let (from, interval) = match (times, parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(interval), None, _) => (since, span(interval)?),
        (Some(_), Some(from), Some(interval), None) => (instant(from)?, span(interval)?),
        _ => {
            return Err(Error::internal(
                "read a cycle",
                format!("{cycle:?} is not like R3/PT1H"),
            ));
        }
    };
    let times = times.filter(|times| !times.is_empty()).map(str::parse::<u32>);
    let times = times
        .transpose()
        .map_err(|e| Error::internal("read a cycle", e))?;
    if times.is_some_and(|times| occurrence > times) {
        return Ok(None);
    }
    let elapsed = interval.checked_mul(i64::from(occurrence));
    let elapsed = elapsed.map_err(|e| Error::internal("add a duration", e))?;
    after(from, &elapsed).map(Some)
}

/// The instant so long after another.
pub fn after_duration(since: Timestamp, duration: &str) -> Result<Timestamp> {
    after(since, &span(duration)?)
}

fn after(since: Timestamp, span: &Span) -> Result<Timestamp> {
    let due = since.to_zoned(TimeZone::UTC).checked_add(*span);
    due.map(|due| due.timestamp())
        .map_err(|e| Error::internal("add a duration", e))
}

fn span(duration: &str) -> Result<Span> {
    duration
        .parse()
        .map_err(|e: jiff::Error| Error::internal("read a duration", e))
}

/// An instant; a date and time, or a date, without a zone is one of UTC.
fn instant(text: &str) -> Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<Date>().map(DateTime::from));
    let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC));
    zoned
        .map(|zoned| zoned.timestamp())
        .map_err(|e| Error::internal("read a date", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(kind: &str, value: &str) -> Timer {
        serde_json::from_value(serde_json::json!({ kind: value })).unwrap()
    }

    #[test]
    fn timers_are_due() {
        let since: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        for (kind, value, occurrence, expected) in [
            ("timeDuration", "PT24H", 1, Some("2026-02-01T10:00:00Z")),
            ("timeDuration", "P1M", 1, Some("2026-02-28T10:00:00Z")),
            ("timeDuration", "PT24H", 2, None),
            (
                "timeDate",
                "2026-03-01T00:00:00+08:00",
                1,
                Some("2026-02-28T16:00:00Z"),
            ),
            ("timeDate", "2026-03-01T12:00:00", 1, Some("2026-03-01T12:00:00Z")),
            ("timeDate", "2026-03-01", 1, Some("2026-03-01T00:00:00Z")),
            ("timeDate", "2026-03-01", 2, None),
            ("timeCycle", "R3/PT1H", 1, Some("2026-01-31T11:00:00Z")),
            ("timeCycle", "R3/PT1H", 3, Some("2026-01-31T13:00:00Z")),
            ("timeCycle", "R3/PT1H", 4, None),
            ("timeCycle", "R/P1D", 40, Some("2026-03-12T10:00:00Z")),
            (
                "timeCycle",
                "R2/2026-02-01T00:00:00Z/PT1H",
                2,
                Some("2026-02-01T02:00:00Z"),
            ),
        ] {
            let due = due(&timer(kind, value), since, occurrence).unwrap();
            assert_eq!(
                due.map(|due| due.to_string()).as_deref(),
                expected,
                "{value} {occurrence}"
            );
        }
        for (kind, value) in [
            ("timeDuration", "1h?"),
            ("timeDate", "soon"),
            ("timeCycle", "3/PT1H"),
            ("timeCycle", "Rx/PT1H"),
        ] {
            assert!(due(&timer(kind, value), since, 1).is_err(), "{value}");
        }
    }

    #[test]
    fn the_first_of_several_counts() {
        let opened: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let events: Vec<Awaited> = serde_json::from_value(serde_json::json!([
            { "node": "slow", "timer": { "timeDuration": "PT2H" } },
            { "node": "scope", "timer": { "timeDuration": "PT3H" }, "since": "2025-12-31T22:00:00Z" },
            { "node": "never", "signal": { "name": "fire" } },
        ]))
        .unwrap();
        let due = first_due(&events, opened, 1).unwrap().unwrap();
        assert_eq!(
            (due.node.as_str(), due.at.to_string().as_str()),
            ("scope", "2026-01-01T01:00:00Z")
        );
        assert_eq!(first_due(&events[2..], opened, 1).unwrap(), None);
    }
}
