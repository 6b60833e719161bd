use std::fmt;
use std::time::Duration;

use asl::Timestamp;

use crate::BoxFuture;

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// Waits until [`Self::now`] is at least this instant; may wait less.
    fn sleep_until(&self, instant: Timestamp) -> BoxFuture<'_, ()>;
}

/// The time of day, read by the function that the process gives, and tokio's timers.
pub struct SystemClock(Box<dyn Fn() -> Timestamp + Send + Sync>);

impl SystemClock {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Box::new(now))
    }
}

impl fmt::Debug for SystemClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemClock")
    }
}

/// The time of day can be set while a timer runs, so no timer runs for longer.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        (self.0)()
    }

    fn sleep_until(&self, instant: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let left = instant.milliseconds().saturating_sub(self.now().milliseconds());
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
        })
    }
}
