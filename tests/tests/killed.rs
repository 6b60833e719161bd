//! A handler is killed between each pair of its AWS calls, and also while a call is on its way. Whatever was half done,
//! the ticket is resolved once, and everything happened once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use domain::id::{TenantId, TicketId};
use runtime::grant::Queue;
use serde_json::{Value, json};
use tests::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn consuming_a_submission_is_killed_everywhere() {
    for done in [false, true] {
        let Some(mut stage) = Stage::set("consuming_a_submission_is_killed_everywhere").await else {
            return;
        };
        stage.story.submit(120.0).await;
        let message = stage.message(Queue::Submissions).await;
        let calls = stage
            .killed_everywhere("create_tickets", message.clone(), done)
            .await;
        assert!(calls >= 2, "{calls} calls were cut");
        assert!(
            stage.invoke("create_tickets", message).await,
            "and delivered once more"
        );
        let (ticket, task) = stage.standing().await;
        stage.app.platform.follow().await;
        assert_eq!(stage.vote(&task).await, Some(200));
        stage.resolved_once(&ticket).await;
        assert_eq!(
            stage.story.requester.get("/tickets").await.data(200)["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_a_task_is_killed_everywhere_and_the_stream_goes_on() {
    for done in [false, true] {
        let Some(mut stage) =
            Stage::set("completing_a_task_is_killed_everywhere_and_the_stream_goes_on").await
        else {
            return;
        };
        stage.app.platform.follow().await;
        for calls in 0.. {
            stage.story.submit(120.0).await;
            let (ticket, task) = stage.standing().await;
            stage.wire.arm("complete_task", calls, done);
            let vote = stage.vote(&task).await;
            stage.wire.disarm();
            if calls == 0 && !done {
                // Nothing was written: the manager votes again.
                assert_eq!((vote, stage.vote(&task).await), (None, Some(200)));
            }
            stage.resolved_once(&ticket).await;
            let empty = |list: &Value| list["items"].as_array().is_some_and(Vec::is_empty);
            stage.story.manager.until("/tasks", empty).await;
            if vote.is_some() {
                assert_eq!(calls, 3, "calls were cut");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_has_missed_the_sweeper_finds() {
    let Some(stage) = Stage::set("what_the_stream_has_missed_the_sweeper_finds").await else {
        return;
    };
    let (ticket, task) = stage.created().await;
    stage.wire.arm("complete_task", 1, false);
    assert_eq!(stage.vote(&task).await, None);
    // No stream, no queue: nobody but the sweeper. It answers the task, then finds that the execution has ended.
    stage.sweep().await;
    let (tenant, id) = (
        TenantId::default_tenant(),
        TicketId::parse(ticket.as_str()).unwrap(),
    );
    let store = &stage.app.platform.app.store;
    let found = store.ticket_get(&tenant, &id).await.unwrap().unwrap();
    let instance = domain::instance::Instance::of_ticket(&found);
    store.instance_create(&tenant, &instance).await.unwrap();
    for _ in 0..100 {
        stage.sweep().await;
        let status = store.ticket_get(&tenant, &id).await.unwrap().unwrap().resolution;
        if status.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(stage.story.resolved(&ticket).await["resolution"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_was_never_started_is_started_by_the_sweeper() {
    let Some(stage) = Stage::set("an_execution_that_was_never_started_is_started_by_the_sweeper").await
    else {
        return;
    };
    stage.story.submit(120.0).await;
    let message = stage.message(Queue::Submissions).await;
    stage.wire.arm("create_tickets", 1, false);
    assert!(!stage.invoke("create_tickets", message).await);
    let list = stage.story.requester.get("/tickets").await.data(200).clone();
    let id = TicketId::parse(list["items"][0]["id"].as_str().unwrap()).unwrap();
    let (tenant, store) = (TenantId::default_tenant(), &stage.app.platform.app.store);
    let ticket = store.ticket_get(&tenant, &id).await.unwrap().unwrap();
    store
        .instance_create(&tenant, &domain::instance::Instance::of_ticket(&ticket))
        .await
        .unwrap();
    stage.sweep().await;
    assert_eq!(stage.standing().await.0, id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_an_instance_is_killed_everywhere() {
    for done in [false, true] {
        let Some(mut stage) = Stage::set("ending_an_instance_is_killed_everywhere").await else {
            return;
        };
        let (ticket, task) = stage.created().await;
        assert_eq!(stage.vote(&task).await, Some(200));
        let message = stage.message(Queue::Executions).await;
        let calls = stage
            .killed_everywhere("end_instance", message.clone(), done)
            .await;
        assert!(calls >= 4, "{calls} calls were cut");
        assert!(
            stage.invoke("end_instance", message).await,
            "and delivered once more"
        );
        stage.app.platform.follow().await;
        stage.resolved_once(&ticket).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_task_and_recording_a_payment_are_killed_everywhere() {
    let Some(mut stage) = Stage::set("opening_a_task_and_recording_a_payment_are_killed_everywhere").await
    else {
        return;
    };
    stage.app.platform.follow().await;
    let header = |instance: &str, ticket: &str| {
        json!({
            "tenant": "default", "instance": instance, "epoch": 1, "workflow": "expense-approval", "version": 1,
            "ticket": ticket, "starter": stage.story.requester_id, "path": [{ "node": "start", "visit": 1, "seq": 1 }],
        })
    };
    let (ticket, task) = stage.created_by_followers().await;
    let mut opening = header(&format!("i-{ticket}"), &ticket);
    let token = stage
        .app
        .platform
        .app
        .store
        .task_get(&TenantId::default_tenant(), &task.parse_task())
        .await
        .unwrap()
        .unwrap()
        .token;
    for (name, value) in [
        ("token", json!(token)),
        ("node", json!("manager")),
        ("visit", json!(1)),
        ("seq", json!(2)),
    ] {
        opening[name] = value;
    }
    for done in [false, true] {
        assert!(stage.killed_everywhere("open_task", opening.clone(), done).await >= 3);
    }
    let mut call = header(&format!("i-{ticket}"), &ticket);
    call["path"] = json!([]);
    for (name, value) in [
        ("node", json!("pay")),
        ("visit", json!(1)),
        ("seq", json!(4)),
        ("idempotency_key", json!(format!("i-{ticket}/pay/1"))),
    ] {
        call[name] = value;
    }
    for done in [false, true] {
        assert!(
            stage
                .killed_everywhere("create_payment", call.clone(), done)
                .await
                >= 3
        );
    }
    assert_eq!(stage.vote(&task).await, Some(200));
    stage.resolved_once(&ticket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_opening_was_cut_off_comes_into_the_lists_all_the_same() {
    let Some(mut stage) =
        Stage::set("a_task_whose_opening_was_cut_off_comes_into_the_lists_all_the_same").await
    else {
        return;
    };
    stage.app.platform.follow().await;
    let store = stage.app.platform.app.store.clone();
    for (round, done) in [false, true].into_iter().enumerate() {
        let mut with_row = 0;
        for calls in 0.. {
            let ticket = format!("cut-{round}-{calls}");
            // Nobody opens it a second time: no execution waits for this token.
            let opening = json!({
                "tenant": "default", "instance": format!("i-{ticket}"), "epoch": 1, "workflow": "expense-approval",
                "version": 1, "ticket": ticket, "starter": stage.story.requester_id, "token": "nobody's",
                "node": "manager", "visit": 1, "seq": 2, "path": [{ "node": "start", "visit": 1, "seq": 1 }],
            });
            stage.wire.arm("open_task", calls, done);
            let opened = stage.invoke("open_task", opening).await;
            stage.wire.disarm();
            let task = format!("i-{ticket}~manager~1");
            let tenant = TenantId::default_tenant();
            if store
                .task_get(&tenant, &task.parse_task())
                .await
                .unwrap()
                .is_some()
            {
                with_row += 1;
                let listed = |list: &Value| {
                    list["items"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|item| item["id"] == json!(task))
                };
                stage.story.manager.until("/tasks", listed).await;
                let steps = store
                    .steps_of(&tenant, &task.parse_task().instance)
                    .await
                    .unwrap();
                assert_eq!(steps.len(), 1, "the way to it is written down");
            }
            if opened {
                break;
            }
        }
        assert!(with_row >= 2, "cut {with_row} times after the row");
    }
}

trait ParseTask {
    fn parse_task(&self) -> domain::id::TaskId;
}

impl ParseTask for String {
    fn parse_task(&self) -> domain::id::TaskId {
        domain::id::TaskId::parse(self).unwrap()
    }
}
