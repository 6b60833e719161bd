//! Tasks that are not decided in time: others get them as well, or the clock decides.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::people::user;
use tests::process::publish_task;
use tests::stage::Stage;
use tests::{Client, Story, TestApp};

fn due(then: Value) -> Value {
    json!({ "within": "PT1S", "then": then })
}

async fn has_it(client: &Client, view: &str, task: &str) {
    let path = format!("/tasks?view={view}");
    let listed = |list: &Value| {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().any(|item| item["id"] == task)
    };
    client.until(&path, listed).await;
}

/// The task's line in the trace, once it says what was waited for.
async fn traced(story: &Story, ticket: &str, done: impl Fn(&Value) -> bool) -> Value {
    let ask = |trace: &Value| {
        let items = trace["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|item| item["node"] == "ask")
    };
    let path = format!("/instances/i-{ticket}/trace");
    let trace = story
        .admin
        .until(&path, |trace| ask(trace).as_ref().is_some_and(&done));
    ask(&trace.await).unwrap()
}

fn is_escalated(item: &Value) -> bool {
    item["escalated"].is_object()
}

async fn complete(client: &Client, task: &str, outcome: &str) {
    let path = format!("/tasks/{task}/complete");
    client.post(&path, json!({ "outcome": outcome })).await.data(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_votes_in_the_place_of_who_has_not() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    // Three have to agree; the leader of one of them is asked in the end.
    let (first_id, first) = user(&story.admin, "first", "approver", Some(&story.manager_id)).await;
    let (second_id, second) = user(&story.admin, "second", "approver", Some(&story.director_id)).await;
    let assign = json!([{ "user": first_id }, { "user": second_id }]);
    let task = json!({ "assign": assign, "vote": "all", "due": due(json!("escalate")) });
    publish_task(&story.admin, "all", task).await;
    let ticket = story.ticket_of("all").await;
    let task = story.ask(&ticket).await;
    complete(&first, &task, "approve").await;
    has_it(&story.director, "todo", &task).await;
    let trace = traced(&story, &ticket, is_escalated).await;
    assert_eq!(trace["escalated"]["voters"], json!([story.director_id]));
    let open = story
        .director
        .get(&format!("/tasks/{task}"))
        .await
        .data(200)
        .clone();
    assert_eq!(open["status"], "open");
    let voters: BTreeSet<&str> = open["voters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    assert_eq!(
        voters,
        BTreeSet::from([first_id.as_str(), &second_id, &story.director_id])
    );
    // The one who did not vote still may; here the leader does.
    has_it(&second, "todo", &task).await;
    complete(&story.director, &task, "approve").await;
    assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
    let none = |list: &Value| list["items"].as_array().is_some_and(Vec::is_empty);
    second.until("/tasks", none).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_leader_the_administrators_have_it_as_well() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let assign = json!([{ "user": story.director_id }]);
    let task = json!({ "assign": assign, "due": due(json!("escalate")) });
    publish_task(&story.admin, "voters", task).await;
    let pool = json!([{ "user": story.director_id }, { "role": "approver" }]);
    publish_task(
        &story.admin,
        "pool",
        json!({ "candidates": pool, "due": due(json!("escalate")) }),
    )
    .await;
    let voters = story.ticket_of("voters").await;
    let task = story.ask(&voters).await;
    has_it(&story.admin, "todo", &task).await;
    complete(&story.admin, &task, "reject").await;
    assert_eq!(story.resolved(&voters).await["resolution"], "rejected");
    // Nobody has claimed it: more may.
    let pool = story.ticket_of("pool").await;
    let task = story.ask(&pool).await;
    has_it(&story.admin, "claimable", &task).await;
    let trace = traced(&story, &pool, is_escalated).await;
    assert_eq!(trace["escalated"]["candidates"], json!([{ "role": "admin" }]));
    story.manager.act(&format!("/tasks/{task}/claim")).await.data(200);
    complete(&story.manager, &task, "approve").await;
    assert_eq!(story.resolved(&pool).await["resolution"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_decides() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let assign = json!([{ "starter": "leader" }]);
    let task = json!({ "assign": assign, "due": due(json!({ "outcome": "reject" })) });
    publish_task(&story.admin, "silence", task).await;
    let ticket = story.ticket_of("silence").await;
    assert_eq!(story.resolved(&ticket).await["resolution"], "rejected");
    let trace = traced(&story, &ticket, |item| item["left_at"].is_string()).await;
    assert_eq!(
        (&trace["actor"], &trace["outcome"]),
        (&json!("system"), &json!("reject"))
    );
    assert!(trace["votes"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_in_time_and_working_days_keep_the_clock_away() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let assign = json!([{ "starter": "leader" }]);
    let due = json!({ "within": "P5D", "calendar": "workdays", "then": { "outcome": "reject" } });
    publish_task(&story.admin, "days", json!({ "assign": assign, "due": due })).await;
    let ticket = story.ticket_of("days").await;
    let task = story.ask(&ticket).await;
    let open = story
        .manager
        .get(&format!("/tasks/{task}"))
        .await
        .data(200)
        .clone();
    let at = |member: &str| open[member].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let days = at("due_at").duration_since(at("opened_at")).as_hours() / 24;
    assert!((5..=8).contains(&days), "five working days are a week: {days}");
    complete(&story.manager, &task, "approve").await;
    assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_clock_does_is_killed_everywhere() {
    for (then, done) in [
        (json!("escalate"), false),
        (json!("escalate"), true),
        (json!({ "outcome": "approve" }), false),
        (json!({ "outcome": "approve" }), true),
    ] {
        let Some(mut stage) = Stage::set("what_the_clock_does_is_killed_everywhere").await else {
            return;
        };
        let task = json!({ "assign": [{ "starter": "leader" }], "due": due(then.clone()) });
        publish_task(&stage.story.admin, "late", task).await;
        let body = json!({ "type": "late", "title": "late", "values": { "amount": 1 } });
        stage
            .story
            .requester
            .post("/tickets/submissions", body)
            .await
            .data(202);
        let message = stage.message(runtime::grant::Queue::Submissions).await;
        assert!(stage.invoke("create_tickets", message).await);
        let (ticket, task) = stage.standing().await;
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        // One look at each of eight partitions; what was written and not told is not due any more, the stream tells it.
        let calls = stage.killed_everywhere("fire_timers", json!({}), done).await;
        assert!(calls >= 8, "{calls} calls were cut");
        assert!(stage.invoke("fire_timers", json!({})).await, "and once more");
        stage.app.platform.follow().await;
        if then == json!("escalate") {
            has_it(&stage.story.admin, "todo", &task).await;
            complete(&stage.story.admin, &task, "approve").await;
        }
        let resolved = stage.story.resolved(&ticket).await;
        assert_eq!(resolved["resolution"], "completed");
    }
}
