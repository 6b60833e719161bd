//! The process is killed at random points under load. Whatever a client was told must be so afterwards, and be so once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Story};

use crate::pflow::{Folder, Pflow, free_port};

/// What clients were told.
#[derive(Default)]
struct Log {
    /// Submissions that were taken.
    submissions: Mutex<Vec<String>>,
    /// Votes that were counted: task and comment.
    votes: Mutex<Vec<(String, String)>>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_ten_kills() {
    survive(10).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: part of `cargo xtask nightly`"]
async fn what_was_acknowledged_survives_a_hundred_kills() {
    survive(100).await;
}

async fn survive(kills: usize) {
    let folder = Folder::new();
    let data = folder.path("data");
    let (port, aws_port) = (free_port(), free_port());
    let mut pflow = Pflow::start_at(&data, port, aws_port);
    pflow.ready().await;
    let story = Arc::new(Story::set_up_at(&pflow.client()).await);
    let log = Arc::new(Log::default());
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..6)
        .map(|n| {
            let (story, log, done) = (Arc::clone(&story), Arc::clone(&log), Arc::clone(&done));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    match n % 2 {
                        0 => submit(&story, &log).await,
                        _ => vote(&story.manager, &log).await,
                    }
                }
            })
        })
        .collect();
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(u64::from(random() % 1200))).await;
        pflow.kill();
        // Often enough before it is ready: the start is under way, too, when it dies.
        pflow = Pflow::start_at(&data, port, aws_port);
        if !random().is_multiple_of(4) {
            pflow.ready().await;
        }
    }
    pflow.ready().await;
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let submissions = log.submissions.lock().unwrap().clone();
    assert!(submissions.len() > kills, "there was no load");
    finish(&story, &log).await;
    for submission in &submissions {
        audit(&story, submission).await;
    }
    let votes = log.votes.lock().unwrap().clone();
    for (task, comment) in &votes {
        let instance = task.split('~').next().unwrap();
        assert_eq!(
            counted_vote(&story, instance).await,
            *comment,
            "the vote on {task}"
        );
    }
    assert!(pflow.stop());
}

async fn submit(story: &Story, log: &Log) {
    let body = json!({ "type": "expense", "title": "Taxi", "values": { "amount": 120 } });
    match send(&story.requester, "/tickets/submissions", body).await {
        Some((202, answer)) => {
            let id = answer["data"]["id"].as_str().unwrap().to_owned();
            log.submissions.lock().unwrap().push(id);
        }
        _ => tokio::time::sleep(Duration::from_millis(20)).await,
    }
    tokio::time::sleep(Duration::from_millis(u64::from(random() % 30))).await;
}

/// Votes on what is there to vote on, each time with a comment of its own.
async fn vote(manager: &Client, log: &Log) {
    for task in tasks(manager).await {
        let comment = uuid::Uuid::now_v7().to_string();
        let body = json!({ "outcome": "approve", "comment": comment });
        if let Some((200, _)) = send(manager, &format!("/tasks/{task}/complete"), body).await {
            log.votes.lock().unwrap().push((task, comment));
        }
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
}

async fn tasks(manager: &Client) -> Vec<String> {
    let list = manager
        .request(Method::GET, "/tasks?view=todo&limit=100")
        .send()
        .await;
    let Ok(list) = list else { return Vec::new() };
    let list: Value = list.json().await.unwrap_or_default();
    let items = list["data"]["items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Status and body; `None`: nobody answered.
async fn send(client: &Client, path: &str, body: Value) -> Option<(u16, Value)> {
    let answer = client.request(Method::POST, path).json(&body).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.ok()?))
}

/// Votes until nothing is left to vote on and every submission is resolved.
async fn finish(story: &Story, log: &Log) {
    let started = Instant::now();
    let submissions = log.submissions.lock().unwrap().clone();
    let mut open: Vec<String> = submissions;
    while !open.is_empty() {
        while !tasks(&story.manager).await.is_empty() {
            vote(&story.manager, log).await;
        }
        let mut still = Vec::new();
        for submission in open {
            if !is_resolved(story, &submission).await {
                still.push(submission);
            }
        }
        open = still;
        assert!(
            started.elapsed() < Duration::from_secs(180),
            "not resolved: {open:?}"
        );
    }
}

async fn is_resolved(story: &Story, submission: &str) -> bool {
    let found = story
        .requester
        .get(&format!("/tickets/submissions/{submission}"))
        .await;
    let Some(ticket) = found.data(200)["ticket_id"].as_str() else {
        return false;
    };
    story.requester.get(&format!("/tickets/{ticket}")).await.data(200)["status"] == "resolved"
}

/// One ticket, one instance that went its whole way once.
async fn audit(story: &Story, submission: &str) {
    let ticket = story.ticket(submission).await;
    assert_eq!(ticket["resolution"], "completed", "{ticket}");
    let instance = ticket["instance_id"].as_str().unwrap();
    let found = story.admin.get(&format!("/instances/{instance}")).await;
    assert_eq!(found.data(200)["status"], "completed", "{instance}");
    let items = trace(story, instance).await;
    let nodes: Vec<&str> = items.iter().map(|item| item["node"].as_str().unwrap()).collect();
    assert_eq!(nodes, ["start", "manager", "size", "pay", "end"], "{instance}");
}

/// The comment of the one vote of an instance.
async fn counted_vote(story: &Story, instance: &str) -> String {
    let items = trace(story, instance).await;
    let votes = items[1]["votes"].as_array().unwrap();
    assert_eq!(votes.len(), 1, "{instance}: {votes:?}");
    votes[0]["comment"].as_str().unwrap().to_owned()
}

async fn trace(story: &Story, instance: &str) -> Vec<Value> {
    let trace = story.admin.get(&format!("/instances/{instance}/trace")).await;
    trace.data(200)["items"].as_array().unwrap().clone()
}

fn random() -> u32 {
    getrandom::u32().unwrap()
}
