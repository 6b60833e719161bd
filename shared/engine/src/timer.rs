//! When timers are due. Days, weeks and months of a duration are those of the calendar, in UTC; working days are those of
//! the deployment's time zone.

use domain::place::{Awaited, Due, Timer};
use domain::{Error, Result};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Span, Timestamp, Zoned, tz::TimeZone};

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

/// The instant so much working time after another: only Monday to Friday count, in `zone`. A day is the same time of the
/// next working day; what begins on a weekend begins with Monday.
pub fn after_workdays(since: Timestamp, duration: &str, zone: &TimeZone) -> Result<Timestamp> {
    let span = span(duration)?;
    let failed = |e: jiff::Error| Error::internal("add working days", e);
    let mut at = on_workday(since.to_zoned(zone.clone())).map_err(failed)?;
    for _ in 0..span.get_days() {
        at = next_workday(at).map_err(failed)?;
    }
    let mut left = SignedDuration::try_from(span.days(0)).map_err(failed)?;
    loop {
        let midnight = at.start_of_day().and_then(|day| day.tomorrow()).map_err(failed)?;
        let today = at.duration_until(&midnight);
        if left < today {
            return at.checked_add(left).map(|due| due.timestamp()).map_err(failed);
        }
        left -= today;
        at = on_workday(midnight).map_err(failed)?;
    }
}

/// The same time of the next day that is none of a weekend.
fn next_workday(at: Zoned) -> std::result::Result<Zoned, jiff::Error> {
    let mut next = at.tomorrow()?;
    while is_weekend(&next) {
        next = next.tomorrow()?;
    }
    Ok(next)
}

fn is_weekend(at: &Zoned) -> bool {
    matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The same instant; on a weekend, the beginning of the Monday after it.
fn on_workday(at: Zoned) -> std::result::Result<Zoned, jiff::Error> {
    if is_weekend(&at) {
        next_workday(at)?.start_of_day()
    } else {
        Ok(at)
    }
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
    fn only_working_days_count() {
        // The second of January 2026 is a Friday.
        for (zone, since, duration, expected) in [
            ("UTC0", "2026-01-02T15:00:00Z", "PT24H", "2026-01-05T15:00:00Z"),
            ("UTC0", "2026-01-02T15:00:00Z", "PT9H", "2026-01-05T00:00:00Z"),
            ("UTC0", "2026-01-02T15:00:00Z", "PT8H59M", "2026-01-02T23:59:00Z"),
            ("UTC0", "2026-01-02T15:00:00Z", "P1D", "2026-01-05T15:00:00Z"),
            ("UTC0", "2026-01-05T15:00:00Z", "P5D", "2026-01-12T15:00:00Z"),
            ("UTC0", "2026-01-02T15:00:00Z", "P1DT10H", "2026-01-06T01:00:00Z"),
            ("UTC0", "2026-01-03T15:00:00Z", "PT1H", "2026-01-05T01:00:00Z"),
            ("UTC0", "2026-01-04T23:00:00Z", "P1D", "2026-01-06T00:00:00Z"),
            // Friday evening there is Saturday here, and the other way round.
            ("CST-8", "2026-01-02T15:00:00Z", "PT24H", "2026-01-05T15:00:00Z"),
            ("CST-8", "2026-01-02T17:00:00Z", "PT1H", "2026-01-04T17:00:00Z"),
            // The clocks go forward on Sunday, 29 March: 15 o'clock stays 15 o'clock.
            (
                "CET-1CEST,M3.5.0,M10.5.0/3",
                "2026-03-27T14:00:00Z",
                "P1D",
                "2026-03-30T13:00:00Z",
            ),
            (
                "CET-1CEST,M3.5.0,M10.5.0/3",
                "2026-03-27T14:00:00Z",
                "PT24H",
                "2026-03-30T13:00:00Z",
            ),
        ] {
            let zone = TimeZone::posix(zone).unwrap();
            let due = after_workdays(since.parse().unwrap(), duration, &zone).unwrap();
            assert_eq!(due.to_string(), expected, "{since} {duration}");
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
