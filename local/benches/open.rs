//! `cargo bench -p local --bench open -- [instances]`: many open instances, each waiting on a human task. Prints the memory, the
//! time from a restart to ready, and how long completing a task takes beside so many others and beside few.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and prints its figures"
)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::Story;

use support::pflow::{Folder, Pflow};
use support::{approvals, quantiles, resident_mib, settled};

const FEW: usize = 100;
/// Tasks that are completed to see how long that takes, each time.
const COMPLETED: usize = 100;

#[tokio::main]
async fn main() {
    let number = std::env::args().find_map(|argument| argument.parse().ok());
    let many: usize = number.unwrap_or(100_000);
    let folder = Folder::new();
    let data = folder.path("data");
    // What is compared runs at the same time, so that whatever else the machine does is alike for both.
    let (beside, few) = start(&folder.path("few")).await;
    open(&beside, &few, FEW + 2 * COMPLETED).await;
    let (pflow, story) = start(&data).await;
    let (port, aws_port) = (pflow.port, pflow.aws_port);
    println!("| measured | figure |\n|---|---|");
    let started = Instant::now();
    open(&pflow, &story, many + COMPLETED).await;
    println!(
        "| {many} instances were open after | {:.0} s |",
        started.elapsed().as_secs_f64()
    );
    println!("| resident | {} MiB |", resident_mib(pflow.id()));
    complete([(&few, FEW), (&story, many)]).await;

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
    complete([(&few, FEW), (&story, many)]).await;
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
    assert!(pflow.stop() && beside.stop());
}

async fn start(data: &Path) -> (Pflow, Story) {
    let mut pflow = Pflow::start(data);
    pflow.ready().await;
    let story = approvals::set_up(&pflow.client()).await;
    (pflow, story)
}

/// Submits and waits until all stand at their task.
async fn open(pflow: &Pflow, story: &Story, count: usize) {
    approvals::submit(story, count).await;
    approvals::drained(pflow.port).await;
    settled(pflow.id()).await;
}

/// On each platform in turn: until a vote is answered, and until its ticket is resolved.
async fn complete(platforms: [(&Story, usize); 2]) {
    let mut tasks = Vec::new();
    for (story, _) in platforms {
        let path = format!("/tasks?view=todo&limit={COMPLETED}");
        let list = story.manager.get(&path).await;
        tasks.push(list.data(200)["items"].as_array().unwrap().clone());
    }
    let mut times = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for n in 0..COMPLETED {
        for (((story, _), tasks), (voted, resolved)) in platforms.iter().zip(&tasks).zip(&mut times) {
            let (answered, ended) = complete_one(story, &tasks[n]).await;
            voted.push(answered);
            resolved.push(ended);
        }
    }
    for ((_, open), (voted, resolved)) in platforms.into_iter().zip(times) {
        for (what, times) in [
            ("a vote is answered", voted),
            ("until its ticket is resolved", resolved),
        ] {
            let (median, p99) = quantiles(times);
            let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
            println!(
                "| {what}, beside {open} | {:.1} ms, P99 {:.1} ms |",
                milliseconds(median),
                milliseconds(p99)
            );
        }
    }
}

async fn complete_one(story: &Story, task: &Value) -> (Duration, Duration) {
    let path = format!("/tasks/{}/complete", task["id"].as_str().unwrap());
    let started = Instant::now();
    story
        .manager
        .post(&path, json!({ "outcome": "approve" }))
        .await
        .data(200);
    let answered = started.elapsed();
    let ticket = format!("/tickets/{}", task["ticket_id"].as_str().unwrap());
    while story.requester.get(&ticket).await.data(200)["status"] != "resolved" {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (answered, started.elapsed())
}
