//! A workflow's service task with `queue`: puts a message into a queue of the deployment.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::MessageAttributeValue;
use domain::{Error, Result};
use engine::service::ServiceCall;
use runtime::{App, FunctionError, Handler, Trigger, clock, outgoing_queues, table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Table;

pub fn handler() -> Handler {
    let grants = vec![
        outgoing_queues("GetQueueUrl SendMessage"),
        table(Table::Instances, "BatchWriteItem"),
    ];
    Handler::new("send_to_queue", Trigger::StateMachine, grants, send_to_queue)
}

#[derive(Debug, Deserialize)]
pub struct QueueTask {
    #[serde(flatten)]
    call: ServiceCall,
    queue: QueueMessage,
    #[serde(default)]
    data: Value,
}

#[derive(Debug, Deserialize)]
struct QueueMessage {
    name: String,
    /// All of the data where absent.
    #[serde(default)]
    body: Option<Value>,
}

/// Nothing comes back.
#[derive(Debug, Serialize)]
pub struct Sent {
    data: Map<String, Value>,
}

const NO_SUCH_QUEUE: &str = "NoSuchQueue";

async fn send_to_queue(app: App, task: QueueTask) -> Result<Sent, FunctionError> {
    let entered_at = clock::now();
    let name = runtime::grant::outgoing_queue(&app.config.prefix, &task.queue.name);
    let Some(url) = url(&app, &name).await? else {
        return Err(FunctionError {
            name: NO_SUCH_QUEUE.into(),
            cause: format!("there is no queue {name}"),
        });
    };
    let body = task.queue.body.as_ref().unwrap_or(&task.data);
    send(&app, &url, body, &task.call.idempotency_key).await?;
    task.call.done(&app, entered_at).await?;
    Ok(Sent { data: Map::new() })
}

async fn url(app: &App, name: &str) -> Result<Option<String>> {
    match app.sqs.get_queue_url().queue_name(name).send().await {
        Ok(found) => Ok(found.queue_url),
        Err(e)
            if e.code().is_some_and(|code| {
                code.ends_with("NonExistentQueue") || code.ends_with("QueueDoesNotExist")
            }) =>
        {
            Ok(None)
        }
        Err(e) => Err(store::aws_error("find a queue", e)),
    }
}

/// A message may come twice; who receives it knows it by the key.
async fn send(app: &App, url: &str, body: &Value, key: &str) -> Result<()> {
    let key = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(key)
        .build()
        .map_err(|e| Error::internal("build a message", e))?;
    let message = app
        .sqs
        .send_message()
        .queue_url(url)
        .message_body(body.to_string());
    let sent = message.message_attributes("idempotency_key", key).send().await;
    sent.map(|_| ())
        .map_err(|e| store::aws_error("put a message into a queue", e))
}
