//! A platform on which handlers are killed.

use std::collections::BTreeMap;

use domain::id::{InstanceId, TenantId, TicketId};
use runtime::grant::Queue;
use serde_json::{Value, json};
use store::keys;

use crate::fuse::Wire;
use crate::{Story, TestApp, needs};

/// A platform whose events the test delivers, with the story set up.
#[derive(Debug)]
pub struct Stage {
    pub app: TestApp,
    pub story: Story,
    pub wire: Wire,
}

impl Stage {
    /// None: the platform's handlers are not here to be handed events; it is told that `test` is not gone.
    pub async fn set(test: &str) -> Option<Self> {
        if needs::lacks(needs::HANDLERS, test) {
            return None;
        }
        let wire = Wire::new();
        let app = TestApp::start_with(|http| wire.around(http)).await;
        let story = Story::set_up(&app).await;
        Some(Self { app, story, wire })
    }

    /// Hands an event to a handler. False: it was killed.
    pub async fn invoke(&self, handler: &str, event: Value) -> bool {
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
    pub async fn message(&self, queue: Queue) -> Value {
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
    pub async fn killed_everywhere(&self, handler: &str, event: Value, done: bool) -> usize {
        for calls in 0.. {
            self.wire.arm(handler, calls, done);
            if self.invoke(handler, event.clone()).await {
                self.wire.disarm();
                return calls;
            }
        }
        unreachable!()
    }

    pub async fn sweep(&self) {
        assert!(self.invoke("sweep", json!({ "all": true })).await);
    }

    pub async fn resolved_once(&self, ticket: &str) {
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
    pub async fn created(&self) -> (String, String) {
        self.story.submit(120.0).await;
        let message = self.message(Queue::Submissions).await;
        assert!(self.invoke("create_tickets", message).await);
        self.standing().await
    }

    pub async fn standing(&self) -> (String, String) {
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
    pub async fn vote(&self, task: &str) -> Option<u16> {
        let path = format!("/tasks/{task}/complete");
        let vote = self.story.manager.post(&path, json!({ "outcome": "approve" }));
        tokio::select! {
            answer = vote => Some(answer.status),
            () = self.wire.burnt.notified() => None,
        }
    }
}

impl Stage {
    pub async fn created_by_followers(&self) -> (String, String) {
        self.story.submit(120.0).await;
        self.standing().await
    }
}
