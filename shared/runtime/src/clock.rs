//! The one place where the clock is read.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Now, to the millisecond: what is stored and what is shown are the same. Within a process it never goes back.
pub fn now() -> Timestamp {
    let now = steady().read(system(), running());
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// What an earlier process has read last, for a process that goes on with its work.
pub fn not_before(instant: Timestamp) {
    let mut steady = steady();
    if instant > steady.told {
        *steady = Steady::new(instant, running());
    }
}

/// A clock that does not go back. Where the system's is put back, times that were noted before would lie in the future,
/// and whatever waits for them would wait that much longer; so this one goes on, at half the speed, until the other has
/// come up to it.
#[derive(Debug, Clone, Copy)]
pub struct Steady {
    told: Timestamp,
    /// Of what never jumps.
    read_at: Duration,
}

/// A clock that is put back by more was far too fast before: it is believed at once.
pub const LONGEST_WAY_BACK: SignedDuration = SignedDuration::from_hours(25);

impl Steady {
    /// One that has told this instant.
    pub fn new(told: Timestamp, read_at: Duration) -> Self {
        Self { told, read_at }
    }

    /// The time, where the system says `system`; `running` only ever grows, as the seconds of a watch.
    pub fn read(&mut self, system: Timestamp, running: Duration) -> Timestamp {
        let ahead = self.told.duration_since(system);
        let passed = SignedDuration::try_from(running.saturating_sub(self.read_at) / 2);
        let at_least = passed.ok().and_then(|passed| self.told.checked_add(passed).ok());
        self.told = match at_least {
            Some(at_least) if ahead <= LONGEST_WAY_BACK => system.max(at_least),
            _ => system,
        };
        self.read_at = running;
        self.told
    }
}

fn steady() -> MutexGuard<'static, Steady> {
    static STEADY: LazyLock<Mutex<Steady>> = LazyLock::new(|| Mutex::new(Steady::new(system(), running())));
    STEADY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn system() -> Timestamp {
    Timestamp::now()
}

/// Since the clock was read first.
fn running() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGUN.elapsed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How the system's clock goes on: what passes, and by how much it is set, in milliseconds.
    fn jumps() -> impl Strategy<Value = Vec<(u64, i64)>> {
        let hour = 3_600_000i64;
        let jump = prop_oneof![3 => Just(0i64), 2 => -hour..hour, 1 => -24 * hour..24 * hour];
        prop::collection::vec((0..20_000u64, jump), 1..60)
    }

    proptest! {
        #[test]
        fn it_never_goes_back_and_never_stands_still(jumps in jumps()) {
            let mut system = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
            let mut running = Duration::ZERO;
            let mut steady = Steady::new(system, running);
            for (passes, jump) in jumps {
                let before = steady.told;
                let passes = Duration::from_millis(passes);
                running += passes;
                system = system + SignedDuration::try_from(passes).unwrap() + SignedDuration::from_millis(jump);
                // More than a day behind only if it was set back again and again.
                if before.duration_since(system) > LONGEST_WAY_BACK {
                    prop_assert_eq!(steady.read(system, running), system);
                    continue;
                }
                let now = steady.read(system, running);
                prop_assert!(now >= before + SignedDuration::try_from(passes / 2).unwrap());
                prop_assert!(now >= system);
                // It is ahead only of a clock that was put back, and comes nearer.
                let ahead = now.duration_since(system);
                prop_assert!(ahead == SignedDuration::ZERO || now <= before + SignedDuration::try_from(passes).unwrap());
            }
        }
    }

    #[test]
    fn an_hour_is_made_up_in_two() {
        let begin = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
        let mut steady = Steady::new(begin, Duration::ZERO);
        // Read often, so that what is rounded off would add up.
        for millisecond in 1..=7_200_000u32 {
            let running = Duration::from_millis(u64::from(millisecond));
            let system =
                begin - SignedDuration::from_hours(1) + SignedDuration::from_millis(i64::from(millisecond));
            steady.read(system, running);
        }
        assert_eq!(steady.told, begin + SignedDuration::from_hours(1));
    }

    #[test]
    fn a_process_goes_on_where_another_one_was() {
        let ahead = now() + SignedDuration::from_mins(30);
        not_before(ahead);
        assert!(now() >= Timestamp::from_millisecond(ahead.as_millisecond()).unwrap());
        not_before(Timestamp::UNIX_EPOCH);
        assert!(now() >= Timestamp::from_millisecond(ahead.as_millisecond()).unwrap());
    }
}
