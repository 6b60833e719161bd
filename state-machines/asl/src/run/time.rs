use std::fmt;

use serde::{Deserialize, Serialize};

/// An instant in milliseconds since 1970 in UTC. It always comes from the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    pub fn milliseconds(self) -> i64 {
        self.0
    }

    /// Reads the profile of RFC 3339 that the States Language asks for: a capital `T`, and `Z` or an offset.
    pub fn parse(text: &str) -> Option<Self> {
        let strict = text.get(10..11) == Some("T") && !text.contains(['z', '[']);
        let zoned = text.ends_with('Z') || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']));
        if !(strict && zoned) {
            return None;
        }
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|instant| Self(instant.as_millisecond()))
    }

    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "saturates at the end of time")]
        Self(self.0.saturating_add((seconds * 1000.0) as i64))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(f, "{instant:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strict_timestamps_are_read() {
        for (text, read) in [
            ("2016-03-14T01:59:00Z", true),
            ("2016-03-14T01:59:00.123Z", true),
            ("2016-03-14T01:59:00+01:00", true),
            ("2016-13-05T21:29:29Z", false),
            ("05-12-2016T21:29:29Z", false),
            ("2016-12-05T21:29:29", false),
            ("2016-12-05 21:29:29Z", false),
            ("2016-12-05", false),
            ("", false),
        ] {
            assert_eq!(Timestamp::parse(text).is_some(), read, "{text}");
        }
        let instant = Timestamp::parse("2016-03-14T01:59:00Z").map(|t| t.to_string());
        assert_eq!(instant.as_deref(), Some("2016-03-14T01:59:00.000Z"));
    }
}
