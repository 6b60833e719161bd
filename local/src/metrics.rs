//! `/metrics`: what Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws::WeakHome;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use tokio::time::Instant;

/// Upper bounds of the times that are counted, in milliseconds.
const BOUNDS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 250, 1000, 5000];

#[derive(Debug, Default)]
pub struct Metrics {
    statuses: Mutex<BTreeMap<u16, u64>>,
    /// By bound; the last is for what took longer than all.
    times: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
    home: OnceLock<WeakHome>,
}

impl Metrics {
    /// Lets the home's figures be told, too.
    pub fn of_home(&self, home: WeakHome) {
        let _ = self.home.set(home);
    }

    pub fn begin(&self) -> Instant {
        Instant::now()
    }

    pub fn answered(&self, since: Instant, status: StatusCode) {
        let took = since.elapsed();
        let place = BOUNDS
            .iter()
            .position(|bound| took <= Duration::from_millis(*bound));
        if let Some(count) = self.times.get(place.unwrap_or(BOUNDS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        *statuses.entry(status.as_u16()).or_default() += 1;
    }

    pub async fn text(&self) -> impl IntoResponse + use<> {
        let mut text = String::new();
        self.write_requests(&mut text);
        write_process(&mut text);
        if let Some(home) = self.home.get().and_then(WeakHome::upgrade) {
            write_home(&mut text, &home).await;
        }
        (
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            text,
        )
    }

    fn write_requests(&self, text: &mut String) {
        head(
            text,
            "pflow_http_requests_total",
            "counter",
            "Requests of the API that were answered, by status.",
        );
        let statuses = self
            .statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for (status, count) in statuses {
            let _ = writeln!(text, "pflow_http_requests_total{{status=\"{status}\"}} {count}");
        }
        let name = "pflow_http_request_duration_seconds";
        head(text, name, "histogram", "How long requests of the API took.");
        let mut sum = 0;
        for (count, bound) in self.times.iter().zip(BOUNDS.map(Some).into_iter().chain([None])) {
            sum += count.load(Ordering::Relaxed);
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| seconds(bound * 1000));
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {sum}");
        }
        let _ = writeln!(
            text,
            "{name}_sum {}",
            seconds(self.microseconds.load(Ordering::Relaxed))
        );
        let _ = writeln!(text, "{name}_count {sum}");
    }
}

fn seconds(microseconds: u64) -> String {
    format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000)
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// As the kernel tells it; nothing where it does not.
fn write_process(text: &mut String) {
    // User and system time in hundredths of a second, after the name, which may have blanks in it.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2);
    let hundredths: Vec<u64> = fields.filter_map(|field| field.parse().ok()).collect();
    if !hundredths.is_empty() {
        head(
            text,
            "process_cpu_seconds_total",
            "counter",
            "User and system time of the process.",
        );
        let spent = hundredths.iter().sum::<u64>() * 10_000;
        let _ = writeln!(text, "process_cpu_seconds_total {}", seconds(spent));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = resident.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    if let Some(kibibytes) = kibibytes {
        head(
            text,
            "process_resident_memory_bytes",
            "gauge",
            "Memory of the process.",
        );
        let _ = writeln!(text, "process_resident_memory_bytes {}", kibibytes * 1024);
    }
}

async fn write_home(text: &mut String, home: &aws::Home) {
    let Ok(figures) = home.figures().await else { return };
    head(
        text,
        "pflow_queue_messages",
        "gauge",
        "Messages of each queue, by whether they can be received, are, or are delayed.",
    );
    for queue in figures.queues {
        for (state, count) in [
            ("visible", queue.visible),
            ("in_flight", queue.in_flight),
            ("delayed", queue.delayed),
        ] {
            let _ = writeln!(
                text,
                "pflow_queue_messages{{queue=\"{}\",state=\"{state}\"}} {count}",
                queue.name
            );
        }
    }
    head(
        text,
        "pflow_deliveries_waiting",
        "gauge",
        "Events and invocations that are not yet delivered.",
    );
    let _ = writeln!(text, "pflow_deliveries_waiting {}", figures.deliveries);
    head(
        text,
        "pflow_aws_calls_total",
        "counter",
        "Calls of the AWS endpoint, by operation.",
    );
    for (target, count) in figures.calls {
        let (service, operation) = target.split_once('.').unwrap_or((&target, ""));
        let _ = writeln!(
            text,
            "pflow_aws_calls_total{{service=\"{service}\",operation=\"{operation}\"}} {count}"
        );
    }
    head(
        text,
        "pflow_storage_writes_total",
        "counter",
        "Changes of queues, rules and deliveries.",
    );
    let _ = writeln!(text, "pflow_storage_writes_total {}", figures.writes);
    head(
        text,
        "pflow_storage_commits_total",
        "counter",
        "Transactions that brought them to the disk.",
    );
    let _ = writeln!(text, "pflow_storage_commits_total {}", figures.commits);
}
