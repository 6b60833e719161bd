//! What receivers do with a message: delete it, or change for how long others do not see it.

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, OptionalExtension, params};

use super::queue::Queue;
use super::receive::parse_receipt;
use super::send::{check_batch, failed_entry};
use super::{Sqs, error};
use crate::AwsError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

/// What to do with the message of a receipt.
#[derive(Debug, Clone, Copy)]
enum Action {
    Delete,
    /// Milliseconds from now.
    Hide(i64),
}

/// One message and one of its receptions.
type Receipt = (i64, i64);

impl Sqs {
    pub(super) async fn delete_message(&self, request: DeleteMessage) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let receipt = parse_receipt(&request.receipt_handle, queue.id)?;
        self.act(&queue, vec![(receipt, Action::Delete)])
            .await?
            .pop()
            .unwrap_or(Ok(()))?;
        Ok(Value::Null)
    }

    pub(super) async fn change_message_visibility(
        &self,
        request: ChangeVisibility,
    ) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let receipt = parse_receipt(&request.receipt_handle, queue.id)?;
        let hide = Action::Hide(milliseconds(request.visibility_timeout)?);
        self.act(&queue, vec![(receipt, hide)])
            .await?
            .pop()
            .unwrap_or(Ok(()))?;
        Ok(Value::Null)
    }

    /// Takes messages back from receivers that are known to be gone, as if they had not received them.
    pub(crate) async fn release(&self, url: &str) -> Result<(), AwsError> {
        let queue = self.of_url(url)?;
        let (id, now) = (queue.id, self.now());
        self.write(move |connection| {
            let update = "UPDATE messages SET visible = ?2, receives = receives - 1
                          WHERE queue = ?1 AND visible > ?2 AND receives > 0";
            connection.execute(update, params![id, now])
        })
        .await?;
        queue.arrivals.notify_waiters();
        Ok(())
    }

    pub(super) async fn delete_message_batch(&self, request: Batch) -> Result<Value, AwsError> {
        self.batch(request, |_| Ok(Action::Delete)).await
    }

    pub(super) async fn change_message_visibility_batch(&self, request: Batch) -> Result<Value, AwsError> {
        self.batch(request, |entry| {
            let timeout = entry
                .visibility_timeout
                .ok_or_else(|| error::missing("VisibilityTimeout"))?;
            Ok(Action::Hide(milliseconds(timeout)?))
        })
        .await
    }

    async fn batch(
        &self,
        request: Batch,
        action: impl Fn(&Entry) -> Result<Action, AwsError>,
    ) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
        let (mut ids, mut actions, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for entry in request.entries {
            let receipt = parse_receipt(&entry.receipt_handle, queue.id);
            match receipt.and_then(|receipt| Ok((receipt, action(&entry)?))) {
                Ok(action) => {
                    actions.push(action);
                    ids.push(entry.id);
                }
                Err(error) => failed.push(failed_entry(&entry.id, &error)),
            }
        }
        let mut successful = Vec::new();
        for (id, result) in ids.into_iter().zip(self.act(&queue, actions).await?) {
            match result {
                Ok(()) => successful.push(json!({ "Id": id })),
                Err(error) => failed.push(failed_entry(&id, &error)),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }

    async fn act(
        &self,
        queue: &Queue,
        actions: Vec<(Receipt, Action)>,
    ) -> Result<Vec<Result<(), AwsError>>, AwsError> {
        let (id, fifo, now) = (queue.id, queue.fifo(), self.now());
        let results = self.write(move |connection| {
            let results = actions.into_iter().map(|(receipt, action)| match action {
                Action::Delete => delete(connection, id, receipt, fifo, now),
                Action::Hide(delay) => hide(connection, id, receipt, now, delay),
            });
            results.collect::<Result<Vec<_>, _>>()
        });
        let results = results.await?;
        // One may be visible earlier than whoever waits expects.
        queue.arrivals.notify_waiters();
        Ok(results)
    }
}

fn milliseconds(seconds: i64) -> Result<i64, AwsError> {
    if (0..=43_200).contains(&seconds) {
        return Ok(seconds * 1000);
    }
    Err(error::invalid_value(format!(
        "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200."
    )))
}

/// When the message of the receipt is visible again; `None`: it is gone, or was received once more since.
fn visible(
    connection: &Connection,
    queue: i64,
    (seq, receives): Receipt,
) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT visible FROM messages WHERE seq = ?1 AND queue = ?2 AND receives = ?3")?
        .query_row([seq, queue, receives], |row| row.get(0))
        .optional()
}

/// An old receipt deletes nothing: somebody else has the message by now.
fn delete(
    connection: &Connection,
    queue: i64,
    receipt: Receipt,
    fifo: bool,
    now: i64,
) -> Result<Result<(), AwsError>, rusqlite::Error> {
    match visible(connection, queue, receipt)? {
        Some(visible) if fifo && visible <= now => Ok(Err(error::invalid_value(
            "Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
        ))),
        Some(_) => {
            connection
                .prepare_cached("DELETE FROM messages WHERE seq = ?1")?
                .execute([receipt.0])?;
            Ok(Ok(()))
        }
        None => Ok(Ok(())),
    }
}

fn hide(
    connection: &Connection,
    queue: i64,
    receipt: Receipt,
    now: i64,
    delay: i64,
) -> Result<Result<(), AwsError>, rusqlite::Error> {
    match visible(connection, queue, receipt)? {
        Some(visible) if visible > now => {
            connection
                .prepare_cached("UPDATE messages SET visible = ?1 WHERE seq = ?2")?
                .execute(params![now + delay, receipt.0])?;
            Ok(Ok(()))
        }
        Some(_) => Ok(Err(AwsError::sender(
            "MessageNotInflight",
            "The specified message isn't in flight.",
        ))),
        None => Ok(Err(error::invalid_value(
            "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
        ))),
    }
}
