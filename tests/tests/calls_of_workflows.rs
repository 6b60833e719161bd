//! Instances that call instances.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use domain::id::InstanceId;
use serde_json::{Value, json};
use tests::machine::{Execution, Machine, place, then};
use tests::{Client, Story, TestApp};

async fn caller<'a>(app: &'a TestApp, story: &Story, called: &str) -> Machine<'a> {
    let call = json!({ "call": { "calledElement": called, "data": { "amount": 120 } } });
    let states = json!({ "call": then(place(app, "open_call", "call", call), None) });
    let mut machine = Machine::create(app, "call", states).await;
    machine.starter = story.requester_id.clone();
    machine
}

/// The manager's task in the called instance.
async fn task(story: &Story, execution: &Execution<'_>) -> Value {
    let of_call = |list: &Value| {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let ticket = json!(execution.instance.trim_start_matches("i-"));
        items.into_iter().find(|item| item["ticket_id"] == ticket)
    };
    let list = story
        .manager
        .until("/tasks", |list| of_call(list).is_some())
        .await;
    of_call(&list).unwrap()
}

async fn act(client: &Client, instance: &Value, verb: &str) {
    let path = format!("/instances/{}/{verb}", instance.as_str().unwrap());
    client.act(&path).await.data(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_called_instance_is_the_answer() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let machine = caller(&app, &story, "expense-approval").await;
    for (outcome, status) in [("approve", "completed"), ("reject", "rejected")] {
        let execution = machine.start().await;
        let task = task(&story, &execution).await;
        assert_ne!(task["instance_id"], json!(execution.instance));
        let path = format!("/tasks/{}/complete", task["id"].as_str().unwrap());
        let vote = json!({ "outcome": outcome, "values": { "note": "seen" } });
        story.manager.post(&path, vote).await.data(200);
        let output = execution.output().await.unwrap();
        assert_eq!(output["call"]["event"], "call");
        assert_eq!(output["call"]["status"], status);
        assert_eq!(output["call"]["data"], json!({ "amount": 120, "note": "seen" }));
        let path = format!("/instances/{}", task["instance_id"].as_str().unwrap());
        let called = story.admin.get(&path).await.data(200).clone();
        assert_eq!(
            (&called["status"], &called["workflow"]),
            (&json!(status), &json!("expense-approval"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_terminated_raises_an_error_in_its_caller() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let execution = caller(&app, &story, "expense-approval").await.start().await;
    let task = task(&story, &execution).await;
    act(&story.admin, &task["instance_id"], "terminate").await;
    assert_eq!(execution.output().await, Err("CALL_TERMINATED".to_owned()));

    let execution = caller(&app, &story, "no-such-workflow").await.start().await;
    assert_eq!(execution.output().await, Err("CALL_NOT_PUBLISHED".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_called_instance_ends_and_rests_with_its_caller() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let execution = caller(&app, &story, "expense-approval").await.start().await;
    let task = task(&story, &execution).await;
    let path = format!("/instances/{}", task["instance_id"].as_str().unwrap());
    // Suspended by hand: it rests, and goes on when its caller opens the place again.
    act(&story.admin, &task["instance_id"], "suspend").await;
    let tenant = domain::id::TenantId::default_tenant();
    let store = &app.platform.app.store;
    let caller = InstanceId::parse(execution.instance.as_str()).unwrap();
    let place = store.tasks_of(&tenant, &caller).await.unwrap().remove(0);
    let mut again = json!({
        "tenant": "default", "instance": caller, "epoch": 2, "workflow": "by-hand", "version": 1,
        "ticket": place.ticket, "starter": place.starter, "token": "another", "node": "call", "visit": 1, "seq": 2,
        "path": [],
    });
    again["call"] = serde_json::to_value(&place.call).unwrap();
    app.platform.invoke("open_call", again).await.unwrap();
    assert_eq!(story.admin.get(&path).await.data(200)["status"], "running");
    // The place is closed: the instance has nobody to work for.
    store
        .task_close(&tenant, &place.id, jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    story
        .admin
        .until(&path, |instance| instance["status"] == "terminated")
        .await;
    let gone = |list: &Value| list["items"].as_array().is_some_and(Vec::is_empty);
    story.manager.until("/tasks", gone).await;
}
