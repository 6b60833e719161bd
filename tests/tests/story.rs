//! The story: from login to a resolved ticket.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use serde_json::{Value, json};
use tests::{Story, TestApp};

/// The nodes of a trace, in order, each with what was decided there.
fn way(trace: &Value) -> Vec<String> {
    let items = trace["items"].as_array().unwrap();
    let told = items.iter().map(|item| match item["outcome"].as_str() {
        Some(outcome) => format!("{} {outcome}", item["node"].as_str().unwrap()),
        None => item["node"].as_str().unwrap().to_owned(),
    });
    told.collect()
}

async fn walk(amount: f64, votes: &[(&str, &str)]) -> (Value, Value, Vec<String>) {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let submission = story.submit(amount).await;
    let ticket = story.ticket(&submission).await;
    let id = ticket["id"].as_str().unwrap();
    for (who, outcome) in votes {
        let who = if *who == "manager" {
            &story.manager
        } else {
            &story.director
        };
        let task = story.task_of(who, id).await;
        who.act(&format!("/tasks/{task}/claim")).await.data(200);
        let body = json!({ "outcome": outcome, "comment": "fine" });
        assert_eq!(
            who.post(&format!("/tasks/{task}/complete"), body).await.data(200)["outcome"],
            *outcome
        );
    }
    let ticket = story.resolved(id).await;
    let instance = format!("/instances/{}", ticket["instance_id"].as_str().unwrap());
    let trace = story
        .manager
        .get(&format!("{instance}/trace"))
        .await
        .data(200)
        .clone();
    let instance = story.requester.get(&instance).await.data(200).clone();
    (ticket, instance, way(&trace))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_claim_needs_the_manager() {
    let (ticket, instance, way) = walk(120.0, &[("manager", "approve")]).await;
    assert_eq!(
        (&ticket["resolution"], &instance["status"]),
        (&json!("completed"), &json!("completed"))
    );
    assert_eq!(way, ["start", "manager approve", "size", "pay", "end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_claim_needs_a_director_too() {
    let (ticket, _, way) = walk(9000.0, &[("manager", "approve"), ("director", "approve")]).await;
    assert_eq!(ticket["resolution"], "completed");
    assert_eq!(
        way,
        [
            "start",
            "manager approve",
            "size",
            "director approve",
            "pay",
            "end"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_claim_is_not_paid() {
    let (ticket, instance, way) = walk(120.0, &[("manager", "reject")]).await;
    assert_eq!(
        (&ticket["resolution"], &instance["status"]),
        (&json!("rejected"), &json!("rejected"))
    );
    assert_eq!(way, ["start", "manager reject", "rejected"]);
}
