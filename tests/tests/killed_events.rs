//! Whoever throws or waits is killed between each pair of its AWS calls: what was thrown is had once all the same.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::{TaskId, TenantId, TicketId};
use domain::place::Answer;
use domain::task::Task;
use runtime::grant::Queue;
use serde_json::{Value, json};
use tests::stage::Stage;

fn opening(instance: &str, node: &str) -> Value {
    json!({
        "tenant": "default", "instance": instance, "epoch": 1, "workflow": "by-hand", "version": 1, "ticket": "t",
        "starter": "nobody", "token": "nobody's", "node": node, "visit": 1, "seq": 2, "path": [],
        "events": [
            { "node": "paid", "message": { "name": "paid", "correlation": instance } },
            { "node": "alarm", "signal": { "name": instance } },
        ],
    })
}

fn thrown(instance: &str, id: &str, what: &str) -> Value {
    let mut call = opening(instance, "throw");
    call["idempotency_key"] = json!(id);
    call[what] = match what {
        "message" => json!({ "name": "paid", "correlation": instance, "data": { "id": id } }),
        _ => json!({ "name": instance, "data": { "id": id } }),
    };
    call
}

async fn place(stage: &Stage, instance: &str, node: &str) -> Option<Task> {
    let id = TaskId::parse(&format!("{instance}~{node}~1")).unwrap();
    stage
        .app
        .platform
        .app
        .store
        .task_get(&TenantId::default_tenant(), &id)
        .await
        .unwrap()
}

/// What decided a place, once something has.
async fn decided(stage: &Stage, instance: &str, node: &str) -> Option<Answer> {
    for _ in 0..100 {
        if let Some(decision) = place(stage, instance, node).await.and_then(|place| place.decided) {
            return Some(decision.answer);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}

fn event(node: &str, id: &str) -> Option<Answer> {
    Some(Answer::event(
        node,
        BTreeMap::from([("id".to_owned(), json!(id))]),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_whose_opening_was_cut_off_takes_what_is_thrown() {
    let Some(mut stage) = Stage::set("a_place_whose_opening_was_cut_off_takes_what_is_thrown").await else {
        return;
    };
    stage.app.platform.follow().await;
    for done in [false, true] {
        for calls in 0.. {
            let (early, late) = (
                format!("i-early-{done}-{calls}"),
                format!("i-late-{done}-{calls}"),
            );
            assert!(
                stage
                    .invoke("throw_event", thrown(&early, "before", "message"))
                    .await
            );
            let mut all = true;
            for instance in [&early, &late] {
                stage.wire.arm("open_receive", calls, done);
                all &= stage.invoke("open_receive", opening(instance, "wait")).await;
                stage.wire.disarm();
            }
            // Where not even the row was written, there is nobody: the machine tries again.
            if place(&stage, &early, "wait").await.is_some() {
                assert_eq!(
                    decided(&stage, &early, "wait").await,
                    event("paid", "before"),
                    "{calls}"
                );
            }
            if place(&stage, &late, "wait").await.is_some() {
                assert!(
                    stage
                        .invoke("throw_event", thrown(&late, "after", "message"))
                        .await
                );
                assert_eq!(
                    decided(&stage, &late, "wait").await,
                    event("paid", "after"),
                    "{calls}"
                );
            }
            if all {
                assert!(calls >= 3, "{calls} calls were cut");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn throwing_is_killed_everywhere_and_the_sweeper_goes_on() {
    let Some(stage) = Stage::set("throwing_is_killed_everywhere_and_the_sweeper_goes_on").await else {
        return;
    };
    for what in ["message", "signal"] {
        for done in [false, true] {
            for calls in 0.. {
                let instance = format!("i-{what}-{done}-{calls}");
                for node in ["first", "second"] {
                    assert!(stage.invoke("open_receive", opening(&instance, node)).await);
                }
                stage.wire.arm("throw_event", calls, done);
                let through = stage.invoke("throw_event", thrown(&instance, "m", what)).await;
                stage.wire.disarm();
                // Nobody throws again; but what was written down is delivered.
                stage.sweep().await;
                stage.sweep().await;
                let written = calls > 0 || done;
                let second = place(&stage, &instance, "second").await.unwrap().decided;
                if written && what == "message" {
                    assert_eq!(decided(&stage, &instance, "first").await, event("paid", "m"));
                    assert_eq!(second, None, "one place takes a message");
                } else if written {
                    assert_eq!(decided(&stage, &instance, "first").await, event("alarm", "m"));
                    assert!(second.is_some(), "all have a signal");
                }
                if through {
                    assert!(calls >= 3, "{calls} calls were cut");
                    break;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_scope_is_killed_everywhere() {
    let Some(mut stage) = Stage::set("leaving_a_scope_is_killed_everywhere").await else {
        return;
    };
    stage.app.platform.follow().await;
    for done in [false, true] {
        let instance = format!("i-scope-{done}");
        assert!(stage.invoke("open_receive", opening(&instance, "inside")).await);
        let mut listener = opening(&instance, "listener");
        listener["attached"] = json!({ "node": "sub", "visit": 1 });
        assert!(stage.invoke("open_receive", listener).await);
        let mut closing = opening(&instance, "sub");
        closing["idempotency_key"] = json!("k");
        closing["since"] = json!(1);
        closing["places"] = json!({ "inside": [] });
        closing["release"] = json!({ "node": "sub", "visit": 1 });
        assert!(stage.killed_everywhere("close_scope", closing, done).await >= 3);
        assert!(
            place(&stage, &instance, "inside")
                .await
                .unwrap()
                .closed_at
                .is_some()
        );
        assert_eq!(decided(&stage, &instance, "listener").await, Some(Answer::over()));
        // What was closed takes nothing any more: the message waits for another.
        assert!(
            stage
                .invoke("throw_event", thrown(&instance, "m", "message"))
                .await
        );
        assert!(stage.invoke("open_receive", opening(&instance, "next")).await);
        assert_eq!(decided(&stage, &instance, "next").await, event("paid", "m"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_nobody_told_is_found_by_the_sweeper() {
    let Some(stage) = Stage::set("a_listener_that_nobody_told_is_found_by_the_sweeper").await else {
        return;
    };
    stage.story.submit(9000.0).await;
    let message = stage.message(Queue::Submissions).await;
    assert!(stage.invoke("create_tickets", message).await);
    let (ticket, task) = stage.standing().await;
    let (tenant, store) = (TenantId::default_tenant(), &stage.app.platform.app.store);
    let ticket = TicketId::parse(ticket).unwrap();
    let ticket = store.ticket_get(&tenant, &ticket).await.unwrap().unwrap();
    store
        .instance_create(&tenant, &domain::instance::Instance::of_ticket(&ticket))
        .await
        .unwrap();
    let instance = ticket.instance.to_string();
    let mut listener = opening(&instance, "listener");
    listener["attached"] = json!({ "node": "manager", "visit": 1 });
    assert!(stage.invoke("open_receive", listener).await);
    stage.sweep().await;
    assert!(place(&stage, &instance, "listener").await.unwrap().is_open());
    // No stream: nobody tells the listener that the task has been left.
    assert_eq!(stage.vote(&task).await, Some(200));
    stage.sweep().await;
    assert_eq!(decided(&stage, &instance, "listener").await, Some(Answer::over()));
}
