//! What the rules about times have in common.

use jiff::{Span, SpanRelativeTo, SpanRound, Unit};

/// The longest that anything can stay open, in seconds: less than an execution may live.
pub(super) const LONGEST: f64 = 364.0 * 24.0 * 3600.0;

/// A code, in English and in Chinese.
pub(super) type Wrong = (&'static str, String, String);

/// `BAD_DURATION`, `IMPOSSIBLE_DURATION`.
pub(super) fn what_is_wrong(text: &str) -> Option<Wrong> {
    match seconds(text) {
        None => Some((
            "BAD_DURATION",
            format!("`{text}` is not an ISO 8601 duration such as PT24H or P3D."),
            format!("`{text}` 不是 ISO 8601 时长（例如 PT24H 或 P3D）。"),
        )),
        Some(seconds) if seconds <= 0.0 || seconds > LONGEST => Some((
            "IMPOSSIBLE_DURATION",
            format!("`{text}` must be longer than nothing and at most 364 days."),
            format!("`{text}` 必须大于零且不超过 364 天。"),
        )),
        Some(_) => None,
    }
}

/// A duration's length, a month being a twelfth of a year.
pub(super) fn seconds(text: &str) -> Option<f64> {
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
}
