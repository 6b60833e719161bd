//! Escalations that do not interrupt: their catchers are listeners that nobody sees.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use domain::id::{InstanceId, TaskId, TenantId};
use domain::place::Answer;
use serde_json::{Value, json};
use tests::stage::Stage;

/// An instance, a node, a visit and an iteration, as long as they can be.
fn correlation(instance: &str) -> String {
    format!("{instance}/{}/1/{}", "n".repeat(100), "1.".repeat(31) + "1")
}

fn call(instance: &str, node: &str, visit: u32) -> Value {
    json!({
        "tenant": "default", "instance": instance, "epoch": 1, "workflow": "by-hand", "version": 1, "ticket": "t",
        "starter": "nobody", "token": "nobody's", "node": node, "visit": visit, "seq": 2, "path": [],
    })
}

fn listener(instance: &str, visit: u32) -> Value {
    let mut opening = call(instance, "alarm:wait", visit);
    opening["hidden"] = json!(true);
    opening["attached"] = json!({ "node": "sub", "visit": 1 });
    let message = json!({ "name": "escalation:alarm", "correlation": correlation(instance) });
    opening["events"] = json!([{ "node": "alarm", "message": message }]);
    opening
}

fn thrown(instance: &str, id: &str) -> Value {
    let mut call = call(instance, "raise", 1);
    call["idempotency_key"] = json!(id);
    call["message"] = json!({
        "name": "escalation:alarm", "correlation": correlation(instance), "data": { "id": id },
    });
    call
}

fn release(instance: &str) -> Value {
    let mut closing = call(instance, "sub", 1);
    closing["idempotency_key"] = json!("close");
    closing["release"] = json!({ "node": "sub", "visit": 1 });
    closing
}

async fn decided(stage: &Stage, instance: &str, visit: u32) -> Option<Answer> {
    let id = TaskId::parse(&format!("{instance}~alarm:wait~{visit}")).unwrap();
    let store = &stage.app.platform.app.store;
    let place = store.task_get(&TenantId::default_tenant(), &id).await.unwrap();
    place?.decided.map(|decision| decision.answer)
}

async fn has_row(stage: &Stage, instance: &str) -> bool {
    let instance = InstanceId::parse(instance).unwrap();
    let store = &stage.app.platform.app.store;
    let places = store.tasks_of(&TenantId::default_tenant(), &instance).await;
    !places.unwrap().is_empty()
}

fn event(id: &str) -> Option<Answer> {
    Some(Answer::event("alarm", [("id".to_owned(), json!(id))].into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_thrown_is_handled_also_after_the_activity() {
    let Some(stage) = Stage::set("all_that_was_thrown_is_handled_also_after_the_activity").await else {
        return;
    };
    let instance = "i-all";
    let go = async |handler: &str, event: Value| assert!(stage.invoke(handler, event).await);
    go("open_receive", listener(instance, 1)).await;
    assert_eq!(decided(&stage, instance, 1).await, None);
    // The first finds the listener, the others find it busy.
    for id in ["first", "second", "third", "second"] {
        go("throw_event", thrown(instance, id)).await;
    }
    assert_eq!(decided(&stage, instance, 1).await, event("first"));
    go("close_scope", release(instance)).await;
    for (visit, expected) in [
        (2, event("second")),
        (3, event("third")),
        // Nothing is left: it does not open again.
        (4, None),
    ] {
        // Once more changes nothing.
        for _ in 0..2 {
            go("open_receive", listener(instance, visit)).await;
            assert_eq!(decided(&stage, instance, visit).await, expected, "{visit}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_throw_is_not_handled_after_the_activity() {
    let Some(stage) = Stage::set("what_others_throw_is_not_handled_after_the_activity").await else {
        return;
    };
    let instance = "i-message";
    let message = json!({ "name": "paid", "correlation": instance });
    let mut throw = thrown(instance, "m");
    throw["message"] = message.clone();
    assert!(stage.invoke("throw_event", throw).await);
    assert!(stage.invoke("close_scope", release(instance)).await);
    let mut seen = listener(instance, 1);
    seen["hidden"] = json!(false);
    seen["events"] = json!([{ "node": "alarm", "message": message }]);
    assert!(stage.invoke("open_receive", seen.clone()).await);
    assert_eq!(decided(&stage, instance, 1).await, Some(Answer::over()));
    // The message is there yet, for whoever opens.
    seen["visit"] = json!(2);
    seen["attached"] = json!({ "node": "sub", "visit": 2 });
    assert!(stage.invoke("open_receive", seen).await);
    assert!(matches!(
        decided(&stage, instance, 2).await,
        Some(Answer::Event { event: Some(_), .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_activity_while_an_escalation_is_on_its_way_is_killed_everywhere() {
    let Some(stage) =
        Stage::set("leaving_the_activity_while_an_escalation_is_on_its_way_is_killed_everywhere").await
    else {
        return;
    };
    for done in [false, true] {
        for throwing in 1.. {
            let instance = format!("i-way-{done}-{throwing}");
            // The listener was written, and nothing else: who throws does not find it.
            stage.wire.arm("open_receive", 2, false);
            assert!(!stage.invoke("open_receive", listener(&instance, 1)).await);
            assert!(has_row(&stage, &instance).await);
            stage.wire.arm("throw_event", throwing, done);
            let through = stage.invoke("throw_event", thrown(&instance, "e")).await;
            stage.wire.disarm();
            let calls = stage
                .killed_everywhere("close_scope", release(&instance), done)
                .await;
            assert!(calls >= 3, "{calls} calls were cut");
            assert_eq!(decided(&stage, &instance, 1).await, event("e"), "{throwing}");
            // Thrown to its end, and swept: it is not had a second time.
            assert!(stage.invoke("throw_event", thrown(&instance, "e")).await);
            stage.sweep().await;
            assert!(stage.invoke("open_receive", listener(&instance, 2)).await);
            assert_eq!(decided(&stage, &instance, 2).await, None);
            if through {
                assert!(throwing >= 3, "{throwing} calls were cut");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_of_escalations_is_seen_nowhere_and_reached_by_nobody_else() {
    let Some(mut stage) =
        Stage::set("a_listener_of_escalations_is_seen_nowhere_and_reached_by_nobody_else").await
    else {
        return;
    };
    stage.app.platform.follow().await;
    let (ticket, task) = stage.created_by_followers().await;
    let instance = format!("i-{ticket}");
    assert!(stage.invoke("open_receive", listener(&instance, 1)).await);
    let (admin, path) = (&stage.story.admin, format!("/instances/{instance}"));
    let rests = admin.get(&path).await.data(200).clone();
    assert_eq!(rests["active_nodes"], json!(["manager"]));
    let id = format!("{instance}~alarm:wait~1");
    admin.get(&format!("/tasks/{id}")).await.error(404);
    let message = json!({ "name": "escalation:alarm", "correlation": instance });
    let (_, details) = admin.post("/messages", message).await.error(400);
    assert_eq!(details, [("/name".to_owned(), "reserved".to_owned())]);
    assert!(stage.invoke("throw_event", thrown(&instance, "e")).await);
    assert_eq!(stage.vote(&task).await, Some(200));
    stage.story.resolved(&ticket).await;
    let trace = admin.get(&format!("{path}/trace")).await.data(200).to_string();
    assert!(!trace.contains("alarm:wait"), "{trace}");
    // The node that threw is written down by the function that it called.
    assert!(trace.contains("\"raise\""), "{trace}");
}
