//! Places that wait for something else than people, driven by machines written by hand as the compiler would write them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::time::{Duration, Instant};

use domain::id::{InstanceId, TaskId, TenantId};
use domain::place::Answer;
use domain::task::Task;
use domain::thrown::Channel;
use serde_json::{Value, json};
use tests::deployment::patience;
use tests::machine::{Machine, place, then};
use tests::{Client, TestApp};

async fn admin(app: &TestApp) -> Client {
    app.client.sign_in("admin", tests::ADMIN_PASSWORD).await
}

/// Under a key of the sender's.
async fn post(client: &Client, path: &str, body: Value, key: &str) -> tests::Answer {
    let request = client
        .request(reqwest::Method::POST, path)
        .header("idempotency-key", key);
    tests::client::send(request.json(&body)).await
}

async fn places(app: &TestApp, instance: &str) -> Vec<Task> {
    let instance = InstanceId::parse(instance).unwrap();
    app.platform
        .app
        .store
        .tasks_of(&TenantId::default_tenant(), &instance)
        .await
        .unwrap()
}

/// Waits until so many places of an instance are open.
async fn open(app: &TestApp, instance: &str, count: usize) -> Vec<Task> {
    let until = Instant::now() + patience(10);
    loop {
        let mut open = places(app, instance).await;
        open.retain(Task::is_open);
        if open.len() == count {
            return open;
        }
        assert!(Instant::now() < until, "{open:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until an instance has come to a place.
async fn until_opened(app: &TestApp, instance: &str, node: &str) {
    let until = Instant::now() + patience(15);
    while !places(app, instance)
        .await
        .iter()
        .any(|place| place.id.node.as_str() == node)
    {
        assert!(Instant::now() < until, "{node}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until so many open places listen to a signal.
async fn until_waiting(app: &TestApp, signal: &str, count: usize) {
    let (store, tenant) = (&app.platform.app.store, TenantId::default_tenant());
    let channel = Channel::Signal {
        name: signal.to_owned(),
    };
    let until = Instant::now() + patience(10);
    loop {
        let mut open = 0;
        for waiting in store.waiting(&tenant, &channel).await.unwrap() {
            let place = store.task_get(&tenant, &waiting.place).await.unwrap();
            open += usize::from(place.is_some_and(|place| place.is_open()));
        }
        if open == count {
            return;
        }
        assert!(Instant::now() < until, "{open} listen to {signal}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn message(node: &str, name: &str) -> Value {
    json!({ "events": [{ "node": node, "message": { "name": name, "correlation": "{% $states.input.ticket %}" } }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_early_late_and_twice_and_each_is_had_once() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let states = json!({
        "a": then(place(&app, "open_receive", "a", message("a", "paid")), Some("b")),
        "b": then(place(&app, "open_receive", "b", message("b", "paid")), None),
    });
    let execution = Machine::create(&app, "a", states).await.start().await;
    let ticket = execution.instance.trim_start_matches("i-").to_owned();
    let send = async |key: &str| {
        let body = json!({ "name": "paid", "correlation": ticket, "data": { "n": key } });
        post(&admin, "/messages", body, key).await.data(202).clone()
    };
    assert_eq!(send("first").await, send("first").await);
    // For somebody else.
    let other = json!({ "name": "paid", "correlation": "another" });
    admin.post("/messages", other).await.data(202);
    until_opened(&app, &execution.instance, "b").await;
    send("first").await;
    assert_eq!(open(&app, &execution.instance, 1).await.len(), 1);
    send("second").await;
    let output = execution.output().await.unwrap();
    assert_eq!(output["a"], json!({ "event": "a", "data": { "n": "first" } }));
    assert_eq!(output["b"], json!({ "event": "b", "data": { "n": "second" } }));
    let steps = InstanceId::parse(execution.instance.as_str()).unwrap();
    let steps = app
        .platform
        .app
        .store
        .steps_of(&TenantId::default_tenant(), &steps)
        .await
        .unwrap();
    assert_eq!(steps.len(), 1, "the way there is written down once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_several_events_lets_it_go_on() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let duration =
        |node: &str, duration: &str| json!({ "node": node, "timer": { "timeDuration": duration } });
    let past = json!({ "events": [{ "node": "past", "timer": { "timeDate": "2020-01-01T00:00:00Z" } }] });
    let race = json!({ "events": [
        duration("slow", "PT1H"), duration("soon", "PT1S"), { "node": "fire", "signal": { "name": "fire" } },
    ] });
    let signal =
        json!({ "events": [{ "node": "alarm", "signal": { "name": "fire" } }, duration("slow", "PT1H")] });
    let states = json!({
        "past": then(place(&app, "open_timer", "past", past), Some("race")),
        "race": then(place(&app, "open_receive", "race", race), Some("last")),
        "last": then(place(&app, "open_receive", "last", signal), None),
    });
    let machine = Machine::create(&app, "past", states).await;
    let executions = [machine.start().await, machine.start().await];
    for execution in &executions {
        until_opened(&app, &execution.instance, "last").await;
    }
    // A place stands open a moment before it listens, and a signal is not kept.
    until_waiting(&app, "fire", executions.len()).await;
    let body = json!({ "name": "fire", "data": { "where": "kitchen" } });
    for _ in 0..2 {
        post(&admin, "/signals", body.clone(), "s1").await.data(202);
    }
    for execution in &executions {
        let output = execution.output().await.unwrap();
        assert_eq!(output["past"], json!({ "event": "past", "data": {} }));
        assert_eq!(output["race"], json!({ "event": "soon", "data": {} }));
        assert_eq!(
            output["last"],
            json!({ "event": "alarm", "data": { "where": "kitchen" } })
        );
    }
}

/// A machine that waits for an activity with a listener beside it.
async fn with_listener<'a>(app: &'a TestApp, listener: Value) -> Machine<'a> {
    let mut extra = json!({ "attached": { "node": "activity", "visit": 1 }, "seq": 3 });
    extra["events"] = listener;
    let branch = |name: &str, state: Value| json!({ "StartAt": name, "States": { name: state } });
    let states = json!({ "both": {
        "Type": "Parallel",
        "Branches": [
            branch("activity", then(place(app, "open_receive", "activity", message("activity", "done")), None)),
            branch("listener", then(place(app, "open_receive", "listener", extra), None)),
        ],
        "End": true,
    } });
    Machine::create(app, "both", states).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_is_over_when_its_activity_is_left() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let machine = with_listener(&app, json!([{ "node": "alarm", "signal": { "name": "fire" } }])).await;
    let execution = machine.start().await;
    open(&app, &execution.instance, 2).await;
    let ticket = execution.instance.trim_start_matches("i-");
    let done = json!({ "name": "done", "correlation": ticket });
    admin.post("/messages", done).await.data(202);
    let output = execution.output().await.unwrap();
    assert_eq!(
        output[1]["listener"],
        json!({ "event": null, "data": {} }),
        "{output}"
    );
    // One that opens afterwards is over at once, and so is one of a visit that was released.
    let late = |instance: &str, node: &str, visit: u32| {
        json!({
            "tenant": "default", "instance": instance, "epoch": 1, "workflow": "by-hand", "version": 1, "ticket": ticket,
            "starter": "nobody", "token": "nobody's", "node": "listener", "visit": visit, "seq": 9, "path": [],
            "attached": { "node": node, "visit": 1 }, "events": [{ "node": "alarm", "signal": { "name": "fire" } }],
        })
    };
    let mut release = late(&execution.instance, "sub", 1);
    release["idempotency_key"] = json!("k");
    release["release"] = json!({ "node": "sub", "visit": 1 });
    invoke(&app, "close_scope", release).await;
    for (node, visit, decided) in [
        // It was open before: it does not open again.
        ("activity", 2, None),
        // It is opened with its activity, however soon that is left.
        ("sub", 3, Some(Answer::over())),
    ] {
        invoke(&app, "open_receive", late(&execution.instance, node, visit)).await;
        let id = TaskId::parse(&format!("{}~listener~{visit}", execution.instance)).unwrap();
        let place = app
            .platform
            .app
            .store
            .task_get(&TenantId::default_tenant(), &id)
            .await;
        let place = place.unwrap().and_then(|place| place.decided);
        assert_eq!(place.map(|decision| decision.answer), decided, "{node}");
    }
}

async fn invoke(app: &TestApp, handler: &str, event: Value) -> Value {
    app.platform.invoke(handler, event).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_occurs_as_often_as_it_says() {
    let app = TestApp::start().await;
    let machine = with_listener(
        &app,
        json!([{ "node": "tick", "timer": { "timeCycle": "R2/PT1S" } }]),
    )
    .await;
    let execution = machine.start().await;
    let tenant = TenantId::default_tenant();
    let occurred = async |visit: u32| {
        let id = TaskId::parse(&format!("{}~listener~{visit}", execution.instance)).unwrap();
        let until = Instant::now() + patience(10);
        loop {
            let place = app.platform.app.store.task_get(&tenant, &id).await.unwrap();
            if let Some(decision) = place.and_then(|place| place.decided) {
                return serde_json::to_value(decision).unwrap()["event"].clone();
            }
            assert!(Instant::now() < until, "{visit}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let again = |visit: u32| {
        json!({
            "tenant": "default", "instance": execution.instance, "epoch": 1, "workflow": "by-hand", "version": 1,
            "ticket": "t", "starter": "nobody", "token": "nobody's", "node": "listener", "visit": visit, "seq": 9,
            "path": [], "attached": { "node": "activity", "visit": 1 },
            "events": [{ "node": "tick", "timer": { "timeCycle": "R2/PT1S" } }],
        })
    };
    assert_eq!(occurred(1).await, json!("tick"));
    invoke(&app, "open_timer", again(2)).await;
    assert_eq!(occurred(2).await, json!("tick"));
    invoke(&app, "open_timer", again(3)).await;
    let nodes: Vec<u32> = places(&app, &execution.instance)
        .await
        .iter()
        .filter(|place| place.attached.is_some())
        .map(|place| place.id.visit)
        .collect();
    assert_eq!(nodes, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_does_not_open_again_tells_so() {
    let app = TestApp::start().await;
    let listener = |name: &str, visit: u32| {
        let mut extra = json!({ "attached": { "node": "sub", "visit": 1 }, "seq": 2 + visit, "visit": visit, "path": [] });
        extra["events"] = json!([{ "node": "alarm", "signal": { "name": "fire" } }]);
        let mut state = place(&app, "open_receive", "listener", extra);
        state["Output"] = json!(format!(
            "{{% $merge([$states.input, {{\"{name}\": $states.result}}]) %}}"
        ));
        state
    };
    let states = json!({
        "first": then(listener("first", 1), Some("again")),
        "again": then(listener("again", 2), None),
    });
    let execution = Machine::create(&app, "first", states).await.start().await;
    until_opened(&app, &execution.instance, "listener").await;
    let mut release = json!({
        "tenant": "default", "instance": execution.instance, "epoch": 1, "workflow": "by-hand", "version": 1, "ticket": "t",
        "starter": "nobody", "node": "sub", "visit": 1, "seq": 9, "path": [], "idempotency_key": "k",
    });
    release["release"] = json!({ "node": "sub", "visit": 1 });
    invoke(&app, "close_scope", release).await;
    let output = execution.output().await.unwrap();
    assert_eq!(output["first"], json!({ "event": null, "data": {} }));
    assert_eq!(output["again"], json!({ "event": null, "entered": false }));
    assert_eq!(places(&app, &execution.instance).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_left_closes_and_tells_how_far_it_was() {
    let app = TestApp::start().await;
    let instance = "i-scope";
    let opening = |node: &str, visit: u32, seq: u32, state: Value| {
        json!({
            "tenant": "default", "instance": instance, "epoch": 1, "workflow": "by-hand", "version": 1, "ticket": "scope",
            "starter": "nobody", "token": "nobody's", "node": node, "visit": visit, "seq": seq, "path": [], "state": state,
            "events": [{ "node": node, "message": { "name": node, "correlation": 7 } }],
        })
    };
    for (node, visit, seq, state) in [
        (
            "a",
            1,
            3,
            json!({ "visits": { "a": 0 }, "data": { "amount": 0 } }),
        ),
        (
            "a",
            2,
            6,
            json!({ "visits": { "a": 1, "x": 4 }, "data": { "amount": 7, "other": 1 } }),
        ),
        ("b", 1, 12, json!({ "visits": {}, "data": { "amount": 8 } })),
        ("c", 1, 20, json!({ "visits": {}, "data": { "amount": 9 } })),
    ] {
        invoke(&app, "open_receive", opening(node, visit, seq, state)).await;
    }
    // The first visit of `a` was before this entering of the scope; `c` is not in it.
    let mut closing = opening("sub", 1, 9, json!({}));
    closing["idempotency_key"] = json!("i-scope/sub/1/close");
    closing["since"] = json!(4);
    closing["places"] = json!({ "a": ["amount"], "b": [] });
    closing["path"] = json!([{ "node": "thrown", "visit": 1, "seq": 8 }]);
    closing["services"] = json!(["book", "pay"]);
    let called = async |node: &str, visit: u32| {
        let mut call = opening(node, visit, 5, json!({}));
        call["idempotency_key"] = json!(format!("i-scope/{node}/{visit}"));
        call["message"] = json!({ "name": "called", "correlation": "nobody" });
        invoke(&app, "throw_event", call).await;
    };
    for (node, visit) in [("book", 1), ("book", 2), ("other", 1)] {
        called(node, visit).await;
    }
    let visits = json!({ "a": 2, "b": 1, "book": 2, "x": 4 });
    let expected = json!({ "seq": 12, "visits": visits, "data": { "amount": 7 } });
    for _ in 0..2 {
        assert_eq!(invoke(&app, "close_scope", closing.clone()).await, expected);
        // An execution that was stopped later has gone on from that answer: who comes after it has the same.
        called("book", 3).await;
    }
    let still_open = open(&app, instance, 2).await;
    let nodes: Vec<_> = still_open
        .iter()
        .map(|place| (place.id.node.as_str(), place.id.visit))
        .collect();
    assert_eq!(nodes, [("a", 1), ("c", 1)]);
    // Nobody there takes a message of the closed ones any more.
    let admin = admin(&app).await;
    let body = json!({ "name": "b", "correlation": "7" });
    admin.post("/messages", body).await.data(202);
    open(&app, instance, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_scope_lets_go_of_its_branches() {
    let app = TestApp::start().await;
    let soon = json!({ "events": [{ "node": "soon", "timer": { "timeDuration": "PT1S" } }], "seq": 3 });
    let close = json!({ "since": 1, "places": { "waits": [] }, "idempotency_key": "k", "seq": 4 });
    let mut closing = place(&app, "close_scope", "close", close);
    closing["Resource"] = json!("arn:aws:states:::lambda:invoke");
    closing["Arguments"]["Payload"]
        .as_object_mut()
        .unwrap()
        .remove("token");
    closing["Output"] = json!("{% $states.result.Payload %}");
    let waits = place(&app, "open_receive", "waits", message("waits", "never"));
    // The branch that leaves closes the others before it fails: an endpoint that waits for all branches goes on, too.
    let leaving = json!({
        "soon": then(place(&app, "open_timer", "soon", soon), Some("close")),
        "close": then(closing, Some("left")),
        "left": { "Type": "Fail", "Error": "left", "Cause": "{% $string($states.input) %}" },
    });
    let states = json!({
        "both": {
            "Type": "Parallel",
            "Branches": [
                { "StartAt": "waits", "States": { "waits": then(waits, None) } },
                { "StartAt": "soon", "States": leaving },
            ],
            "Catch": [{
                "ErrorEquals": ["left"], "Output": "{% $parse($states.errorOutput.Cause) %}", "Next": "after",
            }],
            "End": true,
        },
        "after": { "Type": "Pass", "End": true },
    });
    let execution = Machine::create(&app, "both", states).await.start().await;
    let output = execution.output().await.unwrap();
    assert_eq!(output, json!({ "seq": 4, "visits": { "waits": 1 }, "data": {} }));
    assert!(
        places(&app, &execution.instance)
            .await
            .iter()
            .all(|place| !place.is_open())
    );
}
