//! The consumer of the queue by which other systems reach instances: messages, and signals.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::Result;
use domain::id::TenantId;
use domain::thrown::{Channel, Thrown};
use runtime::grant::Queue;
use runtime::queue::each_message;
use runtime::{App, FunctionError, Handler, Trigger, clock, json, queue_grant};
use serde::Deserialize;
use serde_json::Value;

use crate::throwing::check_from_outside;

pub fn handler() -> Handler {
    let mut grants = engine::grants::delivering();
    grants.push(queue_grant(
        Queue::Messages,
        "ReceiveMessage DeleteMessage GetQueueAttributes",
    ));
    let trigger = Trigger::Queue(Queue::Messages);
    Handler::new("receive_messages", trigger, grants, receive_messages)
}

/// What producers write to the queue. With a correlation it is a message, without one a signal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    tenant: TenantId,
    /// Chosen by the sender: what comes again under it changes nothing.
    id: String,
    name: String,
    #[serde(default)]
    correlation: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, Value>,
}

async fn receive_messages(app: App, event: SqsEvent) -> Result<SqsBatchResponse, FunctionError> {
    each_message(event, async |body| receive(&app, &body).await).await
}

async fn receive(app: &App, body: &str) -> Result<()> {
    let received: Received = json::value(body.as_bytes()).and_then(json::typed)?;
    let name = received.name;
    let thrown = Thrown {
        id: received.id,
        channel: match received.correlation {
            Some(correlation) => Channel::Message { name, correlation },
            None => Channel::Signal { name },
        },
        data: received.data,
        at: clock::now(),
        taken_by: None,
        done_at: None,
    };
    check_from_outside(&thrown)?;
    engine::events::deliver(app, &received.tenant, thrown).await
}
