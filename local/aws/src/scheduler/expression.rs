//! When a schedule is due: `at(…)`, `rate(…)`, `cron(…)`.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use crate::AwsError;

#[derive(Debug, Clone)]
pub(crate) enum Expression {
    /// Milliseconds since 1970.
    At(i64),
    /// Every so many milliseconds.
    Rate(i64),
    Cron(Box<Cron>, TimeZone),
}

fn invalid(expression: &str) -> AwsError {
    AwsError::validation(format!("Invalid Schedule Expression {expression}."))
}

impl Expression {
    pub(crate) fn parse(text: &str, zone: Option<&str>) -> Result<Self, AwsError> {
        let zone = match zone {
            None | Some("UTC") => TimeZone::UTC,
            Some(name) => TimeZone::get(name)
                .map_err(|_| AwsError::validation(format!("Invalid ScheduleExpressionTimezone {name}.")))?,
        };
        let inside = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        let parsed = if let Some(at) = inside("at") {
            let time: Option<civil::DateTime> = at.parse().ok();
            time.and_then(|time| time.to_zoned(zone).ok())
                .map(|at| Self::At(at.timestamp().as_millisecond()))
        } else if let Some(rate) = inside("rate") {
            parse_rate(rate)
        } else {
            inside("cron")
                .and_then(parse_cron)
                .map(|cron| Self::Cron(Box::new(cron), zone))
        };
        parsed.ok_or_else(|| invalid(text))
    }

    /// The first time that is not before `from`. `begun` is when a rate counts from.
    pub(crate) fn next(&self, begun: i64, from: i64) -> Option<i64> {
        match self {
            Self::At(at) => Some(*at),
            Self::Rate(rate) => {
                let passed = from.saturating_sub(begun).max(0);
                let rounds = passed / rate + i64::from(passed % rate > 0);
                begun.checked_add(rounds.checked_mul(*rate)?)
            }
            Self::Cron(cron, zone) => {
                // The pattern knows whole seconds only.
                let second = from.div_euclid(1000) + i64::from(from.rem_euclid(1000) > 0);
                let from = Timestamp::from_second(second).ok()?.to_zoned(zone.clone());
                let next = cron.find_next_occurrence(&from, true).ok()?;
                Some(next.timestamp().as_millisecond())
            }
        }
    }
}

/// `5 minutes`.
fn parse_rate(text: &str) -> Option<Expression> {
    let (number, unit) = text.split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit.trim() {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 24 * 3600,
        _ => return None,
    };
    number.checked_mul(seconds * 1000).map(Expression::Rate)
}

/// Six fields: minutes, hours, day of month, month, day of week (1 is Sunday), year. One of the days is `?`.
fn parse_cron(text: &str) -> Option<Cron> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, day, month, weekday, year] = fields.as_slice() else {
        return None;
    };
    if (*day == "?") == (*weekday == "?") {
        return None;
    }
    let any = |field: &str| {
        if field == "?" {
            "*".to_owned()
        } else {
            field.to_owned()
        }
    };
    let pattern = format!("{minutes} {hours} {} {month} {} {year}", any(day), any(weekday));
    // The year is the last of seven fields; seconds lead.
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build();
    parser.parse(&format!("0 {pattern}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, zone: Option<&str>, from: &str, expected: Option<&str>) {
        let time = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let found = Expression::parse(expression, zone)
            .ok()
            .and_then(|e| e.next(time("2026-01-01T00:00:00Z"), time(from)));
        let found = found.map(|at| Timestamp::from_millisecond(at).unwrap().to_string());
        assert_eq!(found.as_deref(), expected, "{expression}");
    }

    #[test]
    fn expressions_of_the_user_guide() {
        let from = "2026-01-02T03:04:05Z";
        check(
            "at(2026-11-20T13:00:00)",
            None,
            from,
            Some("2026-11-20T13:00:00Z"),
        );
        check(
            "at(2026-11-20T13:00:00)",
            Some("Asia/Shanghai"),
            from,
            Some("2026-11-20T05:00:00Z"),
        );
        check("rate(5 minutes)", None, from, Some("2026-01-02T03:05:00Z"));
        check(
            "rate(1 day)",
            None,
            "2026-01-01T00:00:00Z",
            Some("2026-01-01T00:00:00Z"),
        );
        check(
            "cron(15 10 ? * 6L 2026-2027)",
            None,
            from,
            Some("2026-01-30T10:15:00Z"),
        );
        check(
            "cron(0 9 ? * MON-FRI *)",
            Some("Asia/Shanghai"),
            from,
            Some("2026-01-05T01:00:00Z"),
        );
        check("cron(0/15 * * * ? *)", None, from, Some("2026-01-02T03:15:00Z"));
        check("cron(0 0 1 1 ? 2030)", None, from, Some("2030-01-01T00:00:00Z"));
        check("cron(30 6 ? * 1 *)", None, from, Some("2026-01-04T06:30:00Z"));
        check("cron(0 18 L * ? *)", None, from, Some("2026-01-31T18:00:00Z"));
        check("cron(0 8 ? * 2#1 *)", None, from, Some("2026-01-05T08:00:00Z"));
        for wrong in [
            "rate(0 minutes)",
            "rate(5 weeks)",
            "cron(0 9 * * * *)",
            "cron(0 9 ? * ? *)",
            "cron(x)",
            "at(soon)",
            "never",
        ] {
            check(wrong, None, from, None);
        }
        check("at(2026-11-20T13:00:00)", Some("Moon/Base"), from, None);
    }
}
