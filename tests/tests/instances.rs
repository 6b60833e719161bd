//! Ways through a workflow: nobody to ask, back again, cancelled, terminated.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use serde_json::{Value, json};
use tests::{Client, Story, TestApp, process};

async fn vote(who: &Client, task: &str, outcome: &str) {
    let body = json!({ "outcome": outcome });
    who.post(&format!("/tasks/{task}/complete"), body).await.data(200);
}

async fn trace(who: &Client, ticket: &str) -> Vec<Value> {
    let trace = who.get(&format!("/instances/i-{ticket}/trace")).await;
    trace.data(200)["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_ask() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let nobody = json!({ "key": "nobody", "name": "Nobody", "permissions": [] });
    story.admin.post("/roles", nobody).await.data(201);
    let role = json!([{ "role": "nobody" }]);
    for (key, task) in [
        ("skipped", json!({ "assign": role, "whenNoAssignee": "skip" })),
        (
            "starter",
            json!({ "assign": [{ "user": story.requester_id }], "whenStarterIsAssignee": "skip" }),
        ),
    ] {
        process::publish_task(&story.admin, key, task).await;
        let ticket = story.ticket_of(key).await;
        assert_eq!(story.resolved(&ticket).await["resolution"], "completed", "{key}");
        let trace = trace(&story.requester, &ticket).await;
        assert_eq!(trace[1]["node"], "ask", "{key}");
        assert_eq!(
            (&trace[1]["actor"], &trace[1]["outcome"]),
            (&Value::Null, &json!("approve")),
            "{key}"
        );
    }
    process::publish_task(
        &story.admin,
        "admin",
        json!({ "assign": role, "whenNoAssignee": "admin" }),
    )
    .await;
    let ticket = story.ticket_of("admin").await;
    let task = story.task_of(&story.admin, &ticket).await;
    vote(&story.admin, &task, "reject").await;
    assert_eq!(story.resolved(&ticket).await["resolution"], "rejected");
    // Who is left after the starter is left out.
    let both = json!([{ "user": story.requester_id }, { "user": story.manager_id }]);
    let task = json!({ "assign": both, "vote": "all", "whenStarterIsAssignee": "skip" });
    process::publish_task(&story.admin, "left", task).await;
    let ticket = story.ticket_of("left").await;
    let task = story.task_of(&story.manager, &ticket).await;
    vote(&story.manager, &task, "approve").await;
    assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn back_to_an_earlier_node_is_another_visit() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let manager = json!([{ "user": story.manager_id }]);
    let director = json!([{ "user": story.director_id }]);
    let nodes = json!([
        { "id": "start", "type": "startEvent" },
        { "id": "write", "type": "userTask", "name": "Write", "assign": manager, "outcomes": ["send"] },
        { "id": "read", "type": "userTask", "name": "Read", "assign": director, "outcomes": ["accept", "return"] },
        { "id": "end", "type": "endEvent" },
    ]);
    let flows = json!([
        { "from": "start", "to": "write" },
        { "from": "write", "to": "read" },
        { "from": "read", "to": "end", "outcome": "accept" },
        { "from": "read", "to": "write", "outcome": "return" },
    ]);
    process::publish(&story.admin, "draft", nodes, flows).await;
    let ticket = story.ticket_of("draft").await;
    for visit in 1..=3 {
        for (node, who, outcome) in [
            ("write", &story.manager, "send"),
            (
                "read",
                &story.director,
                if visit == 3 { "accept" } else { "return" },
            ),
        ] {
            let task = format!("i-{ticket}~{node}~{visit}");
            who.until(&format!("/tasks/{task}"), |task| task["status"] == "open")
                .await;
            vote(who, &task, outcome).await;
        }
    }
    assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
    let nodes: Vec<String> = trace(&story.requester, &ticket)
        .await
        .iter()
        .map(|item| item["node"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        nodes,
        ["start", "write", "read", "write", "read", "write", "read", "end"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_its_end() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    for (verb, other, who, resolution) in [
        ("cancel", "terminate", &story.requester, "cancelled"),
        ("cancel", "terminate", &story.admin, "cancelled"),
        ("terminate", "cancel", &story.admin, "terminated"),
    ] {
        let ticket = story.ticket(&story.submit(1.0).await).await;
        let ticket = ticket["id"].as_str().unwrap();
        let task = story.task_of(&story.manager, ticket).await;
        let instance = format!("/instances/i-{ticket}");
        for stranger in [&story.manager, &story.director] {
            stranger.act(&format!("{instance}/{verb}")).await.error(403);
        }
        let stopped = who.act(&format!("{instance}/{verb}")).await;
        let stopped = stopped.data(200);
        assert_eq!(
            (&stopped["status"], &stopped["active_nodes"]),
            (&json!(resolution), &json!([]))
        );
        assert_eq!(story.resolved(ticket).await["resolution"], resolution);
        story
            .manager
            .until("/tasks?view=todo", |list| list["items"] == json!([]))
            .await;
        let closed = story.manager.get(&format!("/tasks/{task}")).await;
        assert_eq!(closed.data(200)["status"], "closed");
        let complete = format!("/tasks/{task}/complete");
        story
            .manager
            .post(&complete, json!({ "outcome": "approve" }))
            .await
            .error(409);
        // Once more changes nothing; another end is refused, with the moves that are legal: none.
        who.act(&format!("{instance}/{verb}")).await.data(200);
        let refused = story.admin.act(&format!("{instance}/{other}")).await;
        assert_eq!(refused.error(409), ("CONFLICT".to_owned(), vec![]));
        let seen = story.requester.get(&instance).await;
        assert_eq!(seen.data(200)["status"], resolution);
        assert_eq!(story.resolved(ticket).await["resolution"], resolution);
        let trace = trace(&story.requester, ticket).await;
        assert!(trace.iter().all(|item| item["left_at"].is_string()), "{trace:?}");
    }
    // After its own end, none of them.
    let ticket = story.ticket(&story.submit(1.0).await).await;
    let ticket = ticket["id"].as_str().unwrap();
    let task = story.task_of(&story.manager, ticket).await;
    vote(&story.manager, &task, "reject").await;
    story.resolved(ticket).await;
    for (verb, who) in [("cancel", &story.requester), ("terminate", &story.admin)] {
        who.act(&format!("/instances/i-{ticket}/{verb}")).await.error(409);
    }
    assert_eq!(story.resolved(ticket).await["resolution"], "rejected");
}
