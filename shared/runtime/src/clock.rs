//! The one place where the clock is read.

use jiff::Timestamp;

/// Now, to the millisecond: what is stored and what is shown are the same.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
