//! `cargo bench -p local --bench open -- [instances]`: many open instances, each waiting on a human task. Prints the memory, the
//! time from a restart to ready, and how long completing a task takes beside so many others and beside few.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and prints its figures"
)]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use tests::Story;

use support::pflow::{Folder, Pflow};
use support::{approvals, quantiles, resident_mib, settled};

const FEW: usize = 200;
/// Tasks that are completed to see how long that takes.
const COMPLETED: usize = 100;

#[tokio::main]
async fn main() {
    let number = std::env::args().find_map(|argument| argument.parse().ok());
    let many: usize = number.unwrap_or(100_000);
    let folder = Folder::new();
    let data = folder.path("data");
    let mut pflow = Pflow::start(&data);
    pflow.ready().await;
    let (port, aws_port) = (pflow.port, pflow.aws_port);
    let story = approvals::set_up(&pflow.client()).await;
    println!("| measured | figure |\n|---|---|");
    open(&pflow, &story, FEW).await;
    complete(&story, FEW).await;
    let started = Instant::now();
    open(&pflow, &story, many - FEW + COMPLETED).await;
    println!(
        "| {many} instances were open after | {:.0} s |",
        started.elapsed().as_secs_f64()
    );
    println!("| resident | {} MiB |", resident_mib(pflow.id()));
    complete(&story, many).await;

    pflow.kill();
    let started = Instant::now();
    let mut pflow = Pflow::start_at(&data, port, aws_port);
    pflow.ready().await;
    println!(
        "| kill -9, restart to ready | {:.2} s |",
        started.elapsed().as_secs_f64()
    );
    settled(pflow.id()).await;
    println!(
        "| resident after the restart | {} MiB |",
        resident_mib(pflow.id())
    );
    complete(&story, many).await;
    let disk = std::process::Command::new("du")
        .arg("-sm")
        .arg(&data)
        .output()
        .unwrap();
    let disk = String::from_utf8(disk.stdout).unwrap();
    println!(
        "| on the disk | {} MiB |",
        disk.split_whitespace().next().unwrap()
    );
    assert!(pflow.stop());
}

/// Submits and waits until all stand at their task.
async fn open(pflow: &Pflow, story: &Story, count: usize) {
    approvals::submit(story, count).await;
    approvals::drained(pflow.port).await;
    settled(pflow.id()).await;
}

/// One after the other: until the vote is answered, and until its ticket is resolved.
async fn complete(story: &Story, open: usize) {
    let list = story
        .manager
        .get(&format!("/tasks?view=todo&limit={COMPLETED}"))
        .await;
    let (mut voted, mut resolved) = (Vec::new(), Vec::new());
    for task in list.data(200)["items"].as_array().unwrap() {
        let path = format!("/tasks/{}/complete", task["id"].as_str().unwrap());
        let started = Instant::now();
        story
            .manager
            .post(&path, json!({ "outcome": "approve" }))
            .await
            .data(200);
        voted.push(started.elapsed());
        let ticket = format!("/tickets/{}", task["ticket_id"].as_str().unwrap());
        while story.requester.get(&ticket).await.data(200)["status"] != "resolved" {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        resolved.push(started.elapsed());
    }
    let milliseconds = |(median, p99): (Duration, Duration)| {
        format!(
            "{:.1} ms, P99 {:.1} ms",
            median.as_secs_f64() * 1e3,
            p99.as_secs_f64() * 1e3
        )
    };
    println!(
        "| a vote is answered, beside {open} | {} |",
        milliseconds(quantiles(voted))
    );
    println!(
        "| until its ticket is resolved, beside {open} | {} |",
        milliseconds(quantiles(resolved))
    );
}
