//! A handler is killed between each pair of its AWS calls, and also while a call is on its way. Whatever was half done,
//! the ticket is resolved once, and everything happened once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::id::{InstanceId, TenantId, TicketId};
use runtime::grant::Queue;
use serde_json::{Value, json};
use store::keys;
use tests::fuse::Wire;
use tests::{Story, TestApp};

/// A platform whose events the test delivers, with the story set up.
struct Stage {
    app: TestApp,
    story: Story,
    wire: Wire,
}

impl Stage {
    async fn set() -> Self {
        let wire = Wire::new();
        let app = TestApp::start_with(SharedHttpClient::new(wire.clone())).await;
        let story = Story::set_up(&app).await;
        Self { app, story, wire }
    }

    /// Hands an event to a handler. False: it was killed.
    async fn invoke(&self, handler: &str, event: Value) -> bool {
        let handlers = functions::handlers();
        let handler = handlers
            .iter()
            .find(|found| found.operation.id == handler)
            .unwrap();
        tokio::select! {
            answer = handler.invoke(self.app.platform.app.clone(), event, "test".to_owned()) => {
                let answer = answer.unwrap();
                assert!(answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty), "{answer}");
                true
            }
            () = self.wire.burnt.notified() => false,
        }
    }

    /// The next message of a queue, taken off it.
    async fn message(&self, queue: Queue) -> Value {
        let sqs = &self.app.platform.clients.sqs;
        let url = &self.app.platform.queue_urls[&queue];
        let received = sqs
            .receive_message()
            .queue_url(url)
            .wait_time_seconds(5)
            .send()
            .await
            .unwrap();
        let message = received.messages().first().expect("a message").clone();
        let receipt = message.receipt_handle().unwrap();
        sqs.delete_message()
            .queue_url(url)
            .receipt_handle(receipt)
            .send()
            .await
            .unwrap();
        json!({ "Records": [{ "messageId": "m", "body": message.body(), "attributes": {}, "messageAttributes": {} }] })
    }

    /// Hands an event over until the handler is not killed any more, each time after one more call.
    async fn killed_everywhere(&self, handler: &str, event: Value, done: bool) -> usize {
        for calls in 0.. {
            self.wire.arm(handler, calls, done);
            if self.invoke(handler, event.clone()).await {
                self.wire.disarm();
                return calls;
            }
        }
        unreachable!()
    }

    async fn sweep(&self) {
        assert!(self.invoke("sweep", json!({ "all": true })).await);
    }

    async fn resolved_once(&self, ticket: &str) {
        let resolved = self.story.resolved(ticket).await;
        assert_eq!(resolved["resolution"], "completed");
        let (tenant, id) = (TenantId::default_tenant(), TicketId::parse(ticket).unwrap());
        let store = &self.app.platform.app.store;
        // The stream may still be on its way.
        let mut kinds = BTreeMap::new();
        for _ in 0..100 {
            let events = store.events_of(&keys::ticket(&tenant, &id)).await.unwrap();
            kinds = events
                .iter()
                .fold(BTreeMap::new(), |mut kinds: BTreeMap<String, usize>, event| {
                    *kinds.entry(event.event.kind.clone()).or_default() += 1;
                    kinds
                });
            if kinds.contains_key("ticket.resolved") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(
            kinds,
            BTreeMap::from([
                ("ticket.created".to_owned(), 1),
                ("ticket.resolved".to_owned(), 1)
            ])
        );
        let instance = InstanceId::of_ticket(&id);
        let trace = self
            .story
            .admin
            .get(&format!("/instances/{instance}/trace"))
            .await
            .data(200)
            .clone();
        let nodes: Vec<&str> = trace["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["node"].as_str().unwrap())
            .collect();
        assert_eq!(nodes, ["start", "manager", "size", "pay", "end"]);
        assert_eq!(trace["items"][1]["votes"].as_array().unwrap().len(), 1);
        assert!(
            store
                .payment_get(&tenant, &format!("{instance}~pay~1"))
                .await
                .unwrap()
                .is_some()
        );
    }

    /// The ticket of the submission on the queue, created and standing at the manager's task.
    async fn created(&self) -> (String, String) {
        self.story.submit(120.0).await;
        let message = self.message(Queue::Submissions).await;
        assert!(self.invoke("create_tickets", message).await);
        self.standing().await
    }

    async fn standing(&self) -> (String, String) {
        let list = self
            .story
            .manager
            .until("/tasks", |list| list["items"][0]["id"].is_string())
            .await;
        let item = &list["items"][0];
        (
            item["ticket_id"].as_str().unwrap().to_owned(),
            item["id"].as_str().unwrap().to_owned(),
        )
    }

    /// The manager's vote, as a request that may be cut off. None: it was.
    async fn vote(&self, task: &str) -> Option<u16> {
        let path = format!("/tasks/{task}/complete");
        let vote = self.story.manager.post(&path, json!({ "outcome": "approve" }));
        tokio::select! {
            answer = vote => Some(answer.status),
            () = self.wire.burnt.notified() => None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consuming_a_submission_is_killed_everywhere() {
    for done in [false, true] {
        let mut stage = Stage::set().await;
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
        stage.app.platform.follow();
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
        let mut stage = Stage::set().await;
        stage.app.platform.follow();
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
    let stage = Stage::set().await;
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
    let stage = Stage::set().await;
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
        let mut stage = Stage::set().await;
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
        stage.app.platform.follow();
        stage.resolved_once(&ticket).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_task_and_recording_a_payment_are_killed_everywhere() {
    let mut stage = Stage::set().await;
    stage.app.platform.follow();
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
    let mut stage = Stage::set().await;
    stage.app.platform.follow();
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

impl Stage {
    async fn created_by_followers(&self) -> (String, String) {
        self.story.submit(120.0).await;
        self.standing().await
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
