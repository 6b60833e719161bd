//! Polls the queues, as an event source mapping does on AWS.

use std::time::Duration;

use anyhow::Result;
use aws::Stop;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName as Attribute};
use runtime::{App, Handler};
use serde_json::{Value, json};

/// Messages that are handled together.
const BATCH: i32 = 10;
const LONG_POLL_SECONDS: i32 = 5;
/// After a failed poll (the endpoint is restarting), before the next.
const PAUSE: Duration = Duration::from_secs(1);

/// Polls until it is stopped; what was received by then is handled.
pub async fn poll(app: App, sqs: aws_sdk_sqs::Client, url: String, handler: Handler, mut stop: Stop) {
    loop {
        let received = tokio::select! {
            biased;
            () = aws::stopped(&mut stop) => return,
            received = receive(&sqs, &url) => received,
        };
        let handled = match received {
            Ok(messages) => handle(&app, &sqs, &url, &handler, messages).await,
            Err(error) => Err(error),
        };
        if let Err(error) = handled {
            tracing::warn!(
                handler = handler.operation.id,
                error = format!("{error:#}"),
                "cannot poll the queue"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str) -> Result<Vec<Message>> {
    let received = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(BATCH)
        .wait_time_seconds(LONG_POLL_SECONDS)
        .message_system_attribute_names(Attribute::ApproximateReceiveCount)
        .send()
        .await?;
    Ok(received.messages.unwrap_or_default())
}

/// Handles a batch, deletes what was handled. What was not is offered again after a pause that grows with each time.
async fn handle(
    app: &App,
    sqs: &aws_sdk_sqs::Client,
    url: &str,
    handler: &Handler,
    messages: Vec<Message>,
) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let event = json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() });
    let failed = match handler
        .invoke(app.clone(), event, runtime::request::new_id())
        .await
    {
        Ok(answer) => failures(&answer),
        Err(_) => messages
            .iter()
            .filter_map(|message| message.message_id.clone())
            .collect(),
    };
    let (again, done): (Vec<&Message>, Vec<&Message>) = messages
        .iter()
        .partition(|message| message.message_id.as_ref().is_some_and(|id| failed.contains(id)));
    delete(sqs, url, &done).await?;
    for message in again {
        let times: i32 = attribute(message)
            .and_then(|count| count.parse().ok())
            .unwrap_or(1);
        let change = sqs
            .change_message_visibility()
            .queue_url(url)
            .visibility_timeout(times.clamp(1, 30));
        change
            .set_receipt_handle(message.receipt_handle.clone())
            .send()
            .await?;
    }
    Ok(())
}

async fn delete(sqs: &aws_sdk_sqs::Client, url: &str, messages: &[&Message]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let entries = messages.iter().enumerate().map(|(n, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
        entry.set_receipt_handle(message.receipt_handle.clone()).build()
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    sqs.delete_message_batch()
        .queue_url(url)
        .set_entries(Some(entries))
        .send()
        .await?;
    Ok(())
}

fn attribute(message: &Message) -> Option<&String> {
    message
        .attributes()
        .and_then(|attributes| attributes.get(&Attribute::ApproximateReceiveCount))
}

/// A message as Lambda hands it over.
fn record(message: &Message) -> Value {
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": { "ApproximateReceiveCount": attribute(message) },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    })
}

fn failures(answer: &Value) -> Vec<String> {
    let failures = answer
        .get("batchItemFailures")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    failures
        .filter_map(|failure| failure.get("itemIdentifier")?.as_str().map(str::to_owned))
        .collect()
}
