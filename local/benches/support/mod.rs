//! What the benchmarks share: the process as the kernel sees it, and approvals by the API.
#![expect(dead_code, reason = "each benchmark needs a part of it")]

#[path = "../../tests/process/pflow.rs"]
pub(crate) mod pflow;

pub(crate) mod approvals;

use std::time::{Duration, Instant};

/// User and system time, as the kernel counts it.
pub(crate) fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(2);
    Duration::from_millis(fields.map(|field| field.parse::<u64>().unwrap() * 10).sum())
}

pub(crate) fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024
}

/// Waits until a process has nothing to do any more; says when that began.
pub(crate) async fn settled(process: u32) -> Instant {
    let (mut since, mut before) = (Instant::now(), cpu_of(process));
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = cpu_of(process);
        if now - before > Duration::from_millis(10) {
            (since, before) = (Instant::now(), now);
        } else if since.elapsed() > Duration::from_secs(1) {
            return since;
        }
    }
}

/// The one in the middle, and the one that 99 of 100 are below.
pub(crate) fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    (at(50), at(99))
}
