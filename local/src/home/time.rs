//! The last instant that this home has seen, kept for the next process: the system's clock may have been put back
//! meanwhile, and what was noted as due must not wait for it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use runtime::clock;

const FILE: &str = "clock";
/// Between two notes. What is lost of it by a crash is waited for that much longer.
const EVERY: Duration = Duration::from_secs(5);

/// Goes on where the last process was.
pub(super) fn go_on(folder: &Path) {
    let Ok(text) = fs::read_to_string(folder.join(FILE)) else {
        return;
    };
    match text.trim().parse::<Timestamp>() {
        Ok(instant) => clock::not_before(instant),
        // Nothing is lost by it but some patience.
        Err(error) => tracing::warn!(file = FILE, error = %error, "the last instant cannot be read"),
    }
}

/// Notes the time, for ever.
pub(super) async fn keep(folder: &Path) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = note(folder) {
            tracing::debug!(error = %error, "the time cannot be noted");
        }
    }
}

/// Whole or not at all; whether it is on the disk is of no great concern.
fn note(folder: &Path) -> std::io::Result<()> {
    let new = folder.join("clock.new");
    fs::write(&new, format!("{}\n", clock::now()))?;
    fs::rename(new, folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_next_process_goes_on_where_this_one_was() {
        let folder = std::env::temp_dir().join(format!("pflow-clock-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        go_on(&folder);
        note(&folder).unwrap();
        let noted: Timestamp = fs::read_to_string(folder.join(FILE))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert!(noted <= clock::now());
        // The system's clock was put back by an hour.
        let last = clock::now() + SignedDuration::from_hours(1);
        fs::write(folder.join(FILE), last.to_string()).unwrap();
        go_on(&folder);
        assert!(clock::now() >= last);
        for damaged in ["", "yesterday", "\u{0}\u{0}"] {
            fs::write(folder.join(FILE), damaged).unwrap();
            go_on(&folder);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
