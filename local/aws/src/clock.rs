//! The time, as it is given to the services: milliseconds since 1970.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The time of day can be set while something is waited for, so nobody sleeps for longer before looking again.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> i64 {
        (self.0)()
    }

    /// How long to sleep until an instant.
    pub(crate) fn until(&self, instant: Option<i64>) -> Duration {
        let left = instant.map(|instant| instant.saturating_sub(self.now()));
        let left = left.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        left.map_or(LONGEST_SLEEP, |left| left.min(LONGEST_SLEEP))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
