//! Suspending and resuming: nothing moves in between, and afterwards everything is where it was, without going the way again.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use domain::id::{InstanceId, TenantId, TicketId};
use domain::instance::{Instance, InstanceStatus};
use domain::task::Task;
use runtime::grant::Queue;
use serde_json::json;
use tests::needs::lacks;
use tests::process::publish;
use tests::stage::Stage;
use tests::{Client, Story, TestApp};

async fn instance(app: &TestApp, id: &str) -> Instance {
    let id = InstanceId::parse(id).unwrap();
    let found = app
        .platform
        .app
        .store
        .instance_get(&TenantId::default_tenant(), &id)
        .await;
    found.unwrap().unwrap()
}

/// The places with the epochs of the executions that came to them last, and whether they are open.
async fn places(app: &TestApp, id: &str) -> Vec<(String, u32, bool)> {
    let id = InstanceId::parse(id).unwrap();
    let places = app
        .platform
        .app
        .store
        .tasks_of(&TenantId::default_tenant(), &id)
        .await
        .unwrap();
    let told = |place: &Task| {
        (
            place.id.node.to_string(),
            place.epoch,
            place.is_open() && place.frozen_at.is_none(),
        )
    };
    places.iter().map(told).collect()
}

async fn until_places(app: &TestApp, id: &str, expected: &[(&str, u32, bool)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(node, epoch, open)| ((*node).to_owned(), *epoch, *open))
        .collect();
    for _ in 0..200 {
        if places(app, id).await == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(places(app, id).await, expected);
}

/// The states that the last execution of an instance has entered, which is what Step Functions bills, after the one that
/// leads to the position.
async fn entered(app: &TestApp, id: &str) -> Vec<String> {
    let instance = instance(app, id).await;
    let machine = instance.machine.as_ref().unwrap();
    let machine = machine.replace(":stateMachine:", ":execution:");
    let history = app
        .platform
        .clients
        .sfn
        .get_execution_history()
        .execution_arn(format!("{machine}:{id}_{}", instance.epoch))
        .send()
        .await
        .unwrap();
    let states = history
        .events()
        .iter()
        .filter_map(|event| event.state_entered_event_details());
    let mut states: Vec<String> = states.map(|state| state.name().to_owned()).collect();
    assert!(states.remove(0).ends_with(":resume"), "{states:?}");
    states
}

async fn act(admin: &Client, instance: &str, verb: &str) {
    admin
        .act(&format!("/instances/{instance}/{verb}"))
        .await
        .data(200);
}

async fn approve(who: &Client, task: &str) {
    let path = format!("/tasks/{task}/complete");
    who.post(&path, json!({ "outcome": "approve" })).await.data(200);
}

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
    // The new execution opens the director's task again, and comes to nothing before it.
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
    assert_eq!(
        entered(&app, instance).await,
        ["director", "director:outcome", "pay"]
    );
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

#[tokio::test(flavor = "multi_thread")]
async fn it_rests_and_goes_on_twice_and_the_way_is_not_gone_again() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let submission = story.submit(9000.0).await;
    let ticket = story.ticket(&submission).await;
    let (id, at) = (
        ticket["id"].as_str().unwrap(),
        ticket["instance_id"].as_str().unwrap(),
    );
    story.task_of(&story.manager, id).await;
    // Before the instance has come to any other place.
    act(&story.admin, at, "suspend").await;
    act(&story.admin, at, "resume").await;
    until_places(&app, at, &[("manager", 2, true)]).await;
    approve(&story.manager, &format!("{at}~manager~1")).await;
    until_places(&app, at, &[("director", 2, true), ("manager", 2, false)]).await;
    for epoch in [3, 4] {
        act(&story.admin, at, "suspend").await;
        until_places(&app, at, &[("director", epoch - 1, false), ("manager", 2, false)]).await;
        act(&story.admin, at, "resume").await;
        until_places(&app, at, &[("director", epoch, true), ("manager", 2, false)]).await;
        assert_eq!(entered(&app, at).await, ["director"]);
    }
    approve(&story.director, &format!("{at}~director~1")).await;
    assert_eq!(story.resolved(id).await["resolution"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_branch_of_a_fork_goes_on_where_it_was() {
    if lacks("forks", "each_branch_of_a_fork_goes_on_where_it_was") {
        return;
    }
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let task = |id: &str| json!({ "id": id, "type": "userTask", "assign": [{ "starter": "leader" }], "outcomes": ["approve"] });
    let nodes = json!([
        { "id": "start", "type": "startEvent" }, task("ask"), { "id": "fork", "type": "parallelGateway" },
        task("a"), task("b"), task("c"),
        { "id": "join", "type": "parallelGateway" }, { "id": "end", "type": "endEvent" },
    ]);
    let flow = |from: &str, to: &str| json!({ "from": from, "to": to });
    let flows = json!([
        flow("start", "ask"),
        flow("ask", "fork"),
        flow("fork", "a"),
        flow("a", "b"),
        flow("b", "join"),
        flow("fork", "c"),
        flow("c", "join"),
        flow("join", "end"),
    ]);
    publish(&story.admin, "forked", nodes, flows).await;
    let ticket = story.ticket_of("forked").await;
    let at = format!("i-{ticket}");
    approve(&story.manager, &story.ask(&ticket).await).await;
    let asked = ("ask", 1, false);
    until_places(&app, &at, &[("a", 1, true), asked, ("c", 1, true)]).await;
    approve(&story.manager, &format!("{at}~a~1")).await;
    until_places(
        &app,
        &at,
        &[("a", 1, false), asked, ("b", 1, true), ("c", 1, true)],
    )
    .await;
    for epoch in [2, 3] {
        act(&story.admin, &at, "suspend").await;
        act(&story.admin, &at, "resume").await;
        until_places(
            &app,
            &at,
            &[("a", 1, false), asked, ("b", epoch, true), ("c", epoch, true)],
        )
        .await;
    }
    approve(&story.manager, &format!("{at}~c~1")).await;
    act(&story.admin, &at, "suspend").await;
    act(&story.admin, &at, "resume").await;
    // The one that was decided is entered once more, and answered at once.
    until_places(
        &app,
        &at,
        &[("a", 1, false), asked, ("b", 4, true), ("c", 4, false)],
    )
    .await;
    approve(&story.manager, &format!("{at}~b~1")).await;
    assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
}

/// An instance at the director's task, whose events the test delivers.
async fn at_the_director(stage: &Stage) -> (String, String) {
    stage.story.submit(9000.0).await;
    let message = stage.message(Queue::Submissions).await;
    assert!(stage.invoke("create_tickets", message).await);
    let (ticket, task) = stage.standing().await;
    assert_eq!(stage.vote(&task).await, Some(200));
    stage.story.task_of(&stage.story.director, &ticket).await;
    (ticket.clone(), format!("i-{ticket}"))
}

/// A request that may be cut off. None: it was.
async fn request(stage: &Stage, instance: &str, verb: &str) -> Option<u16> {
    let path = format!("/instances/{instance}/{verb}");
    tokio::select! {
        answer = stage.story.admin.act(&path) => Some(answer.status),
        () = stage.wire.burnt.notified() => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_is_killed_everywhere() {
    for done in [false, true] {
        let Some(mut stage) = Stage::set("resuming_is_killed_everywhere").await else {
            return;
        };
        let (ticket, at) = at_the_director(&stage).await;
        assert_eq!(request(&stage, &at, "suspend").await, Some(200));
        let mut cut = 0;
        for calls in 0.. {
            stage.wire.arm("resume_instance", calls, done);
            let answer = request(&stage, &at, "resume").await;
            stage.wire.disarm();
            match answer {
                None => cut += 1,
                Some(status) => {
                    assert_eq!(status, 200);
                    break;
                }
            }
        }
        assert!(cut >= 5, "{cut} calls were cut");
        stage.app.platform.follow().await;
        until_places(&stage.app, &at, &[("director", 2, true), ("manager", 1, false)]).await;
        approve(&stage.story.director, &format!("{at}~director~1")).await;
        stage.story.resolved(&ticket).await;
        assert_eq!(
            entered(&stage.app, &at).await,
            ["director", "director:outcome", "pay"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_resuming_has_left_undone_the_sweeper_does() {
    for done in [false, true] {
        let Some(mut stage) = Stage::set("what_resuming_has_left_undone_the_sweeper_does").await else {
            return;
        };
        stage.app.platform.follow().await;
        for calls in 0.. {
            stage.story.submit(9000.0).await;
            let (ticket, task) = stage.standing().await;
            let at = format!("i-{ticket}");
            assert_eq!(stage.vote(&task).await, Some(200));
            let task = stage.story.task_of(&stage.story.director, &ticket).await;
            // Cut off after the intent: the execution is still running.
            stage.wire.arm("suspend_instance", 4, false);
            assert_eq!(request(&stage, &at, "suspend").await, None);
            stage.wire.arm("resume_instance", calls, done);
            let answer = request(&stage, &at, "resume").await;
            stage.wire.disarm();
            stage.sweep().await;
            if instance(&stage.app, &at).await.status == InstanceStatus::Suspended {
                assert_eq!(request(&stage, &at, "resume").await, Some(200));
            }
            let expected = [("director", 2, true), ("manager", 1, false)];
            until_places(&stage.app, &at, &expected).await;
            approve(&stage.story.director, &task).await;
            stage.story.resolved(&ticket).await;
            if answer.is_some() {
                assert!(calls >= 5, "{calls} calls were cut");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_was_lost_goes_on_where_it_was_and_is_killed_everywhere() {
    for done in [false, true] {
        let Some(mut stage) =
            Stage::set("an_execution_that_was_lost_goes_on_where_it_was_and_is_killed_everywhere").await
        else {
            return;
        };
        let (ticket, at) = at_the_director(&stage).await;
        let tenant = TenantId::default_tenant();
        let store = &stage.app.platform.app.store;
        let id = TicketId::parse(ticket.as_str()).unwrap();
        let found = store.ticket_get(&tenant, &id).await.unwrap().unwrap();
        store
            .instance_create(&tenant, &Instance::of_ticket(&found))
            .await
            .unwrap();
        let header = json!({
            "tenant": "default", "instance": at, "epoch": 1, "workflow": "expense-approval", "version": 1,
            "ticket": ticket, "starter": stage.story.requester_id, "seq": 0, "path": [], "visits": {}, "data": {},
        });
        let change = json!({ "detail": {
            "executionArn": "arn", "name": format!("{at}_1"), "status": "FAILED", "stopDate": 1_800_000_000_000_i64,
            "input": header.to_string(), "error": "States.ServiceRestart", "cause": "",
        } });
        let message = json!({ "Records": [
            { "messageId": "m", "body": change.to_string(), "attributes": {}, "messageAttributes": {} },
        ] });
        let calls = stage
            .killed_everywhere("end_instance", message.clone(), done)
            .await;
        assert!(calls >= 3, "{calls} calls were cut");
        assert!(
            stage.invoke("end_instance", message).await,
            "and delivered once more"
        );
        stage.app.platform.follow().await;
        until_places(&stage.app, &at, &[("director", 2, true), ("manager", 1, false)]).await;
        approve(&stage.story.director, &format!("{at}~director~1")).await;
        assert_eq!(stage.story.resolved(&ticket).await["resolution"], "completed");
        assert_eq!(
            entered(&stage.app, &at).await,
            ["director", "director:outcome", "pay"]
        );
    }
}
