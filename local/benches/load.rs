//! `cargo bench -p local --bench load -- [seconds] [per second]`: submissions at a steady rate, the load generator beside the
//! platform on the same machine. Prints how long the 202 took, whether any was lost, and how long the queue took to drain.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and prints its figures"
)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use support::pflow::{Folder, Pflow};
use support::{approvals, cpu_of, quantiles, resident_mib};

/// Open requests at the same time; what cannot be sent for that reason counts as late all the same.
const OPEN: usize = 2000;

#[tokio::main]
async fn main() {
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let seconds = numbers.first().copied().unwrap_or(60);
    let rate = numbers.get(1).copied().unwrap_or(1000);
    let folder = Folder::new();
    let mut pflow = Pflow::start(&folder.path("data"));
    pflow.ready().await;
    let story = approvals::set_up(&pflow.client()).await;
    approvals::submit(&story, 100).await;
    support::settled(pflow.id()).await;

    println!("| measured | figure |\n|---|---|");
    let (cpu, started, open) = (cpu_of(pflow.id()), Instant::now(), Arc::new(Semaphore::new(OPEN)));
    let mut sent = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let total = seconds * rate;
    while u64::try_from(sent.len()).unwrap() < total {
        ticks.tick().await;
        let due = (started.elapsed().as_secs_f64() * rate as f64) as u64;
        for _ in u64::try_from(sent.len()).unwrap()..due.min(total) {
            let (requester, open) = (story.requester.clone(), Arc::clone(&open));
            // When it was meant to be sent: a slow answer must not make the load smaller.
            let meant = Instant::now();
            sent.push(tokio::spawn(async move {
                let _permit = open.acquire().await.unwrap();
                let answer = requester
                    .post("/tickets/submissions", approvals::submission())
                    .await;
                (answer.status, meant.elapsed())
            }));
        }
    }
    let mut times = Vec::with_capacity(sent.len());
    let mut refused = 0;
    for one in sent {
        let (status, took) = one.await.unwrap();
        times.push(took);
        refused += usize::from(status != 202);
    }
    let took = started.elapsed();
    let accepted = times.len() - refused;
    let (median, p99) = quantiles(times);
    println!(
        "| submissions, {rate} a second for {seconds} s | {accepted} accepted, {refused} refused, in {:.1} s |",
        took.as_secs_f64()
    );
    println!(
        "| until the 202, median and P99 | {:.1} ms, {:.1} ms |",
        median.as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3
    );
    println!(
        "| CPU while they came | {:.2} of 2 cores |",
        (cpu_of(pflow.id()) - cpu).as_secs_f64() / took.as_secs_f64()
    );
    let ended = Instant::now();
    approvals::drained(pflow.port).await;
    println!(
        "| until the queue was empty | {:.1} s more |",
        ended.elapsed().as_secs_f64()
    );
    let settled = support::settled(pflow.id()).await;
    println!(
        "| until every ticket stood at its task | {:.1} s more |",
        (settled - ended).as_secs_f64()
    );
    println!(
        "| CPU for each until then | {:.2} ms |",
        (cpu_of(pflow.id()) - cpu).as_secs_f64() * 1e3 / accepted as f64
    );
    println!(
        "| lost | {} |",
        accepted + 100 - approvals::tickets(&story, |_| true).await
    );
    println!("| resident after | {} MiB |", resident_mib(pflow.id()));
    assert!(pflow.stop());
}
