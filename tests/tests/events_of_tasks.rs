//! A human task that listens to events: whichever comes first, its people or one of them.

use serde_json::{Value, json};
use tests::machine::{Machine, place, then};
use tests::{Story, TestApp};

async fn machine<'a>(app: &'a TestApp, story: &Story, events: Value) -> Machine<'a> {
    let extra = json!({ "workflow": "expense-approval", "events": events });
    let states = json!({ "manager": then(place(app, "open_task", "manager", extra), None) });
    let mut machine = Machine::create(app, "manager", states).await;
    machine.starter = story.requester_id.clone();
    machine
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_takes_a_task_out_of_the_lists() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let late = json!([{ "node": "late", "timer": { "timeDuration": "PT2S" } }]);
    let execution = machine(&app, &story, late).await.start().await;
    let ticket = execution.instance.trim_start_matches("i-");
    let task = story.task_of(&story.manager, ticket).await;
    let output = execution.output().await.unwrap();
    assert_eq!(output["manager"], json!({ "event": "late", "data": {} }));
    let gone = |list: &Value| list["items"].as_array().is_some_and(Vec::is_empty);
    story.manager.until("/tasks", gone).await;
    let path = format!("/tasks/{task}");
    let left = story.manager.get(&path).await.data(200).clone();
    assert_eq!(
        (&left["status"], &left["outcome"]),
        (&json!("closed"), &json!(null))
    );
    let vote = json!({ "outcome": "approve" });
    story
        .manager
        .post(&format!("{path}/complete"), vote)
        .await
        .error(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_before_the_event_counts() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let cancelled =
        json!([{ "node": "cancelled", "message": { "name": "cancelled", "correlation": "4711" } }]);
    let machine = machine(&app, &story, cancelled).await;
    let execution = machine.start().await;
    let ticket = execution.instance.trim_start_matches("i-");
    let task = story.task_of(&story.manager, ticket).await;
    let vote = json!({ "outcome": "approve" });
    story
        .manager
        .post(&format!("/tasks/{task}/complete"), vote)
        .await
        .data(200);
    let output = execution.output().await.unwrap();
    assert_eq!(output["manager"], json!({ "outcome": "approve", "data": {} }));
    // The message that comes afterwards waits for the next that listens.
    let message = json!({ "name": "cancelled", "correlation": "4711", "data": { "by": "customer" } });
    story.admin.post("/messages", message).await.data(202);
    let output = machine.start().await.output().await.unwrap();
    assert_eq!(
        output["manager"],
        json!({ "event": "cancelled", "data": { "by": "customer" } })
    );
    let body = json!({ "name": "cancelled", "correlation": "4711" });
    story.requester.post("/messages", body).await.error(403);
}
