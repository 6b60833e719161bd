//! Suspending and resuming: nothing moves in between, and afterwards everything is where it was.

use serde_json::json;
use tests::{Story, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_instance_rests_and_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let submission = story.submit(9000.0).await;
    let ticket = story.ticket(&submission).await;
    let (id, instance) = (
        ticket["id"].as_str().unwrap(),
        ticket["instance_id"].as_str().unwrap(),
    );
    let approve = json!({ "outcome": "approve" });
    let task = story.task_of(&story.manager, id).await;
    story
        .manager
        .post(&format!("/tasks/{task}/complete"), approve.clone())
        .await
        .data(200);
    let task = story.task_of(&story.director, id).await;

    let path = |verb: &str| format!("/instances/{instance}/{verb}");
    assert_eq!(
        story.requester.act(&path("suspend")).await.error(403).0,
        "FORBIDDEN"
    );
    assert_eq!(
        story.admin.act(&path("resume")).await.data(200)["status"],
        "running"
    );
    for _ in 0..2 {
        assert_eq!(
            story.admin.act(&path("suspend")).await.data(200)["status"],
            "suspended"
        );
    }
    let complete = format!("/tasks/{task}/complete");
    assert_eq!(
        story.director.post(&complete, approve.clone()).await.error(409).0,
        "CONFLICT"
    );
    for _ in 0..2 {
        assert_eq!(
            story.admin.act(&path("resume")).await.data(200)["status"],
            "running"
        );
    }
    // The new execution passes what was decided and opens the director's task again.
    let open = format!("/tasks/{task}");
    story.director.until(&open, |task| task["status"] == "open").await;
    let completed = loop {
        let answer = story.director.post(&complete, approve.clone()).await;
        if answer.status != 409 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    completed.data(200);
    assert_eq!(story.resolved(id).await["resolution"], "completed");
    let trace = story.admin.get(&path("trace")).await.data(200).clone();
    let nodes: Vec<&str> = trace["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["node"].as_str().unwrap())
        .collect();
    assert_eq!(nodes, ["start", "manager", "size", "director", "pay", "end"]);
    assert_eq!(story.admin.act(&path("suspend")).await.error(409).1, []);
}
