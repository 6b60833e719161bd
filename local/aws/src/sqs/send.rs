//! Sending messages.

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, OptionalExtension, params};
use uuid::Uuid;

use super::digest::{MessageAttributes, md5_hex, md5_of_attributes, sha256_hex};
use super::queue::{LARGEST_MESSAGE, Queue};
use super::{Sqs, error};
use crate::AwsError;
use crate::service::set;

/// For which a message that was sent before is not taken again.
const DEDUPLICATION: i64 = 5 * 60 * 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessage {
    queue_url: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: MessageAttributes,
    #[serde(default)]
    message_system_attributes: MessageAttributes,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendBatch {
    queue_url: String,
    entries: Vec<BatchEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchEntry {
    id: String,
    #[serde(flatten)]
    entry: Entry,
}

/// A message that was checked.
pub(crate) struct Message {
    id: String,
    body: String,
    attributes: MessageAttributes,
    trace: Option<String>,
    group: Option<String>,
    deduplication: Option<String>,
    /// Milliseconds.
    delay: i64,
    system_digest: Option<String>,
}

/// What the sender learns.
struct Sent {
    id: String,
    sequence: i64,
}

impl Sqs {
    pub(super) async fn send_message(&self, request: SendMessage) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let message = check(&queue, request.entry)?;
        let answer = answer(&message);
        let (id, fifo, now) = (queue.id, queue.fifo(), self.now());
        let sent = self
            .write(move |connection| insert(connection, id, &message, now))
            .await?;
        queue.arrivals.notify_waiters();
        Ok(complete(answer, &sent, fifo))
    }

    pub(super) async fn send_message_batch(&self, request: SendBatch) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
        let bytes: usize = request.entries.iter().map(|entry| entry.entry.size()).sum();
        if i64::try_from(bytes).unwrap_or(i64::MAX) > LARGEST_MESSAGE {
            let message = format!(
                "Batch requests cannot be longer than {LARGEST_MESSAGE} bytes. You have sent {bytes} bytes."
            );
            return Err(AwsError::sender("BatchRequestTooLong", message));
        }
        let (mut good, mut failed) = (Vec::new(), Vec::new());
        for BatchEntry { id, entry } in request.entries {
            match check(&queue, entry) {
                Ok(message) => good.push((id, message)),
                Err(error) => failed.push(failed_entry(&id, &error)),
            }
        }
        let answers: Vec<Value> = good.iter().map(|(_, message)| answer(message)).collect();
        let (ids, messages): (Vec<String>, Vec<Message>) = good.into_iter().unzip();
        let (id, fifo, now) = (queue.id, queue.fifo(), self.now());
        let sent = self.write(move |connection| {
            let sent = messages
                .iter()
                .map(|message| insert(connection, id, message, now));
            sent.collect::<Result<Vec<Sent>, _>>()
        });
        let sent = sent.await?;
        queue.arrivals.notify_waiters();
        let successful = ids
            .into_iter()
            .zip(answers)
            .zip(sent)
            .map(|((id, answer), sent)| {
                let mut answer = complete(answer, &sent, fifo);
                set(&mut answer, "Id", id);
                answer
            });
        Ok(json!({ "Successful": successful.collect::<Vec<_>>(), "Failed": failed }))
    }

    /// A message of another service, to be put in by its transaction. `None`: there is no such queue.
    pub(crate) fn prepare(&self, arn: &str, body: &str, group: Option<String>) -> Option<(i64, Message)> {
        let queue = self.of_arn(arn)?;
        let group = group.or_else(|| queue.fifo().then(|| "default".to_owned()));
        let deduplication = queue.fifo().then(|| Uuid::new_v4().to_string());
        let message = Message {
            id: Uuid::new_v4().to_string(),
            body: body.to_owned(),
            attributes: MessageAttributes::new(),
            trace: None,
            group: group.filter(|_| queue.fifo()),
            deduplication,
            delay: queue.number("DelaySeconds") * 1000,
            system_digest: None,
        };
        Some((queue.id, message))
    }

    /// Wakes who waits at the queue, after the transaction.
    pub(crate) fn arrived(&self, queue: i64) {
        if let Some(queue) = self.by_id(queue) {
            queue.arrivals.notify_waiters();
        }
    }
}

/// Puts a message of another service into its queue, in that service's transaction.
pub(crate) fn put(
    connection: &Connection,
    queue: i64,
    message: &Message,
    now: i64,
) -> Result<(), rusqlite::Error> {
    insert(connection, queue, message, now).map(drop)
}

impl Entry {
    fn size(&self) -> usize {
        let attributes = self.message_attributes.iter().map(|(name, attribute)| {
            let value = attribute
                .string_value
                .as_ref()
                .or(attribute.binary_value.as_ref());
            name.len() + attribute.data_type.len() + value.map_or(0, String::len)
        });
        self.message_body.len() + attributes.sum::<usize>()
    }
}

fn check(queue: &Queue, entry: Entry) -> Result<Message, AwsError> {
    let most = queue.number("MaximumMessageSize");
    if entry.message_body.is_empty() {
        return Err(error::missing("MessageBody"));
    }
    if i64::try_from(entry.size()).unwrap_or(i64::MAX) > most {
        return Err(error::invalid_value(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        )));
    }
    if !entry.message_body.chars().all(allowed) {
        let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
        return Err(AwsError::sender("InvalidMessageContents", message));
    }
    check_message_attributes(&entry.message_attributes)?;
    let (group, deduplication) = check_fifo(queue, &entry)?;
    let delay = entry
        .delay_seconds
        .unwrap_or_else(|| queue.number("DelaySeconds"));
    if !(0..=900).contains(&delay) {
        return Err(error::invalid_value(format!(
            "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        )));
    }
    let trace = entry.message_system_attributes.get("AWSTraceHeader");
    Ok(Message {
        id: Uuid::new_v4().to_string(),
        trace: trace.and_then(|attribute| attribute.string_value.clone()),
        system_digest: md5_of_attributes(&entry.message_system_attributes),
        body: entry.message_body,
        attributes: entry.message_attributes,
        group,
        deduplication,
        delay: delay * 1000,
    })
}

fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn check_message_attributes(attributes: &MessageAttributes) -> Result<(), AwsError> {
    if attributes.len() > 10 {
        return Err(error::invalid_value(
            "Number of message attributes exceeds the allowed maximum [10].",
        ));
    }
    for (name, attribute) in attributes {
        let kind = attribute.data_type.split('.').next().unwrap_or_default();
        let valid = match kind {
            "String" | "Number" => attribute
                .string_value
                .as_ref()
                .is_some_and(|value| !value.is_empty()),
            "Binary" => attribute.binary_value.is_some(),
            _ => false,
        };
        if !valid {
            return Err(error::invalid_value(format!(
                "The message attribute '{name}' must have a type of String, Number or Binary and a value of it."
            )));
        }
    }
    Ok(())
}

/// Group and deduplication id of a FIFO queue's message.
fn check_fifo(queue: &Queue, entry: &Entry) -> Result<(Option<String>, Option<String>), AwsError> {
    if !queue.fifo() {
        return match entry.message_deduplication_id {
            Some(_) => Err(error::invalid_value(
                "The request include parameter that is not valid for this queue type: MessageDeduplicationId",
            )),
            None => Ok((None, None)),
        };
    }
    let Some(group) = entry.message_group_id.clone().filter(|group| !group.is_empty()) else {
        return Err(error::missing("MessageGroupId"));
    };
    if entry.delay_seconds.is_some_and(|delay| delay > 0) {
        return Err(error::invalid_value(
            "The request include parameter that is not valid for this queue type: DelaySeconds",
        ));
    }
    let by_content = || {
        queue
            .is("ContentBasedDeduplication")
            .then(|| sha256_hex(entry.message_body.as_bytes()))
    };
    match entry.message_deduplication_id.clone().or_else(by_content) {
        Some(id) => Ok((Some(group), Some(id))),
        None => Err(error::invalid_value(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
    }
}

fn insert(connection: &Connection, queue: i64, message: &Message, now: i64) -> Result<Sent, rusqlite::Error> {
    if let Some(deduplication) = &message.deduplication {
        let mut before = connection.prepare_cached(
            "SELECT message, seq FROM sent_before WHERE queue = ?1 AND dedup = ?2 AND sent > ?3",
        )?;
        let before = before.query_row(params![queue, deduplication, now - DEDUPLICATION], |row| {
            Ok(Sent {
                id: row.get(0)?,
                sequence: row.get(1)?,
            })
        });
        if let Some(sent) = before.optional()? {
            return Ok(sent);
        }
    }
    let attributes = match message.attributes.is_empty() {
        true => None,
        false => serde_json::to_string(&message.attributes).ok(),
    };
    connection
        .prepare_cached(
            "INSERT INTO messages (queue, visible, sent, id, grp, dedup, attributes, trace, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            queue,
            now + message.delay,
            now,
            message.id,
            message.group,
            message.deduplication,
            attributes,
            message.trace,
            message.body,
        ])?;
    let sequence = connection.last_insert_rowid();
    if let Some(deduplication) = &message.deduplication {
        connection
            .prepare_cached("INSERT OR REPLACE INTO sent_before VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![queue, deduplication, now, message.id, sequence])?;
    }
    Ok(Sent {
        id: message.id.clone(),
        sequence,
    })
}

/// Forgets what was sent before the time for which it counts.
pub(super) fn forget(connection: &Connection, now: i64) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("DELETE FROM sent_before WHERE sent <= ?1")?
        .execute([now - DEDUPLICATION])
        .map(drop)
}

fn answer(message: &Message) -> Value {
    let mut answer = json!({ "MD5OfMessageBody": md5_hex(message.body.as_bytes()) });
    if let Some(digest) = md5_of_attributes(&message.attributes) {
        set(&mut answer, "MD5OfMessageAttributes", digest);
    }
    if let Some(digest) = &message.system_digest {
        set(&mut answer, "MD5OfMessageSystemAttributes", digest.as_str());
    }
    answer
}

fn complete(mut answer: Value, sent: &Sent, fifo: bool) -> Value {
    set(&mut answer, "MessageId", sent.id.as_str());
    if fifo {
        set(&mut answer, "SequenceNumber", sequence_number(sent.sequence));
    }
    answer
}

/// Twenty digits, so that they sort as text, too.
pub(super) fn sequence_number(sequence: i64) -> String {
    format!("1{sequence:019}")
}

pub(super) fn failed_entry(id: &str, error: &AwsError) -> Value {
    json!({
        "Id": id, "SenderFault": error.status < 500,
        "Code": super::query_code(&error.code), "Message": error.message,
    })
}

/// One to ten entries with ids that differ.
pub(super) fn check_batch<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), AwsError> {
    let mut seen = std::collections::BTreeSet::new();
    let mut count = 0;
    for id in ids {
        count += 1;
        let letters = id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if id.is_empty() || id.len() > 80 || !letters {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(AwsError::sender("InvalidBatchEntryId", message));
        }
        if !seen.insert(id.to_owned()) {
            return Err(AwsError::sender(
                "BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            ));
        }
    }
    match count {
        0 => Err(AwsError::sender(
            "EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )),
        1..=10 => Ok(()),
        _ => Err(AwsError::sender(
            "TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are 10. You have sent {count}."),
        )),
    }
}
