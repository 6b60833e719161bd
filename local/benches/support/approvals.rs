//! Approvals by the API: start, one human task, one choice, end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Client, Story};

/// Requests at the same time.
pub(crate) const CALLERS: usize = 16;

/// The people of the story, and a workflow with no more than an approval.
pub(crate) async fn set_up(client: &Client) -> Story {
    let story = Story::set_up_at(client).await;
    let workflow = json!({
        "key": "approval", "name": { "en": "Approval", "zh": "审批" }, "form": "expense-claim",
        "nodes": [
            { "id": "start", "type": "startEvent" },
            { "id": "approve", "type": "userTask", "assign": [{ "starter": "leader" }], "outcomes": ["approve", "reject"],
              "whenNoAssignee": "admin" },
            { "id": "decide", "type": "exclusiveGateway" },
            { "id": "large", "type": "endEvent" },
            { "id": "small", "type": "endEvent" },
            { "id": "rejected", "type": "endEvent", "status": "rejected" },
        ],
        "flows": [
            { "from": "start", "to": "approve" },
            { "from": "approve", "to": "decide", "outcome": "approve" },
            { "from": "approve", "to": "rejected", "outcome": "reject" },
            { "from": "decide", "to": "large", "when": "amount > 5000" },
            { "from": "decide", "to": "small", "default": true },
        ],
    });
    story.admin.post("/workflows", workflow).await.data(201);
    story.admin.act("/workflows/approval/publish").await.data(200);
    let kind =
        json!({ "key": "approval", "name": { "en": "Approval", "zh": "审批" }, "workflow": "approval" });
    story.admin.post("/ticket-types", kind).await.data(201);
    story
}

pub(crate) fn submission() -> Value {
    json!({ "type": "approval", "title": "Taxi", "values": { "amount": 120 } })
}

/// Submits this many.
pub(crate) async fn submit(story: &Story, count: usize) {
    let left = Arc::new(AtomicUsize::new(count));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (requester, left) = (story.requester.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                while take(&left) {
                    let answer = requester.post("/tickets/submissions", submission()).await;
                    answer.data(202);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .is_ok()
}

/// Decides what stands in the manager's list, page by page, until this many are decided.
pub(crate) async fn decide(story: &Story, count: usize) {
    let mut decided = 0;
    while decided < count {
        let list = story.manager.get("/tasks?view=todo&limit=100").await;
        let items = list.data(200)["items"].as_array().cloned().unwrap_or_default();
        if items.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let votes: Vec<_> = items
            .iter()
            .map(|item| {
                let (manager, path) = (
                    story.manager.clone(),
                    format!("/tasks/{}/complete", item["id"].as_str().unwrap()),
                );
                tokio::spawn(async move { manager.post(&path, json!({ "outcome": "approve" })).await.status })
            })
            .collect();
        for vote in votes {
            // A list may still hold what was decided a moment ago.
            decided += usize::from(vote.await.unwrap() == 200);
        }
    }
}

/// Waits until the queue of submissions is empty.
pub(crate) async fn drained(port: u16) {
    let http = reqwest::Client::new();
    loop {
        let metrics = http
            .get(format!("http://127.0.0.1:{port}/metrics"))
            .send()
            .await
            .unwrap();
        let waiting: u64 = metrics
            .text()
            .await
            .unwrap()
            .lines()
            .filter(|line| line.starts_with("pflow_queue_messages{queue=\"pflow-submissions\""))
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum();
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// How many of the requester's tickets are as wanted.
pub(crate) async fn tickets(story: &Story, wanted: impl Fn(&Value) -> bool) -> usize {
    let (mut found, mut cursor) = (0, String::new());
    loop {
        let page = story.requester.get(&format!("/tickets?limit=100{cursor}")).await;
        let page = page.data(200);
        found += page["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|ticket| wanted(ticket))
            .count();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}
