//! Receiving: what is visible becomes invisible for a while; what was received too often becomes a dead letter.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::rusqlite::{self, Connection, Row, params};
use tokio::time::Instant;

use super::digest::{MessageAttributes, md5_hex, md5_of_attributes};
use super::send::sequence_number;
use super::{Sqs, error};
use crate::AwsError;
use crate::service::set;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    queue_url: String,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

/// A message on its way to a receiver.
struct Received {
    seq: i64,
    id: String,
    body: String,
    attributes: Option<String>,
    trace: Option<String>,
    group: Option<String>,
    deduplication: Option<String>,
    sent: i64,
    receives: i64,
    first_received: Option<i64>,
    source: Option<i64>,
}

/// What is asked of the rows.
#[derive(Clone)]
struct Wanted {
    queue: i64,
    fifo: bool,
    now: i64,
    /// Sent after this.
    since: i64,
    limit: i64,
    /// Milliseconds.
    visibility: i64,
    /// The dead-letter queue, and how many receptions are still fine.
    dead: Option<(i64, i64)>,
}

#[derive(Default)]
struct Found {
    messages: Vec<Received>,
    /// Whether any were moved away.
    dead: bool,
    /// When the next one becomes visible.
    next: Option<i64>,
}

impl Sqs {
    pub(super) async fn receive_message(&self, request: ReceiveMessage) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let limit = within("MaxNumberOfMessages", request.max_number_of_messages, 1, 1, 10)?;
        let visibility = queue.number("VisibilityTimeout");
        let visibility = within(
            "VisibilityTimeout",
            request.visibility_timeout,
            visibility,
            0,
            43_200,
        )?;
        let wait = queue.number("ReceiveMessageWaitTimeSeconds");
        let wait = within("WaitTimeSeconds", request.wait_time_seconds, wait, 0, 20)?;
        let until = Instant::now() + Duration::from_secs(u64::try_from(wait).unwrap_or_default());
        loop {
            let mut arrivals = std::pin::pin!(queue.arrivals.notified());
            // Before looking, so that nothing arrives unseen between looking and waiting.
            arrivals.as_mut().enable();
            let current = self.named(&queue.name).filter(|current| current.id == queue.id);
            let current = current.ok_or_else(error::no_such_queue)?;
            let redrive = current.redrive();
            let dead =
                redrive.and_then(|redrive| Some((self.of_arn(&redrive.target)?, redrive.max_receives)));
            let now = self.now();
            let wanted = Wanted {
                queue: queue.id,
                fifo: queue.fifo(),
                now,
                since: now - current.number("MessageRetentionPeriod") * 1000,
                limit,
                visibility: visibility * 1000,
                dead: dead.as_ref().map(|(queue, most)| (queue.id, *most)),
            };
            let found = self.write(move |connection| receive(connection, &wanted)).await?;
            if let (true, Some((dead, _))) = (found.dead, &dead) {
                dead.arrivals.notify_waiters();
            }
            if !found.messages.is_empty() || Instant::now() >= until {
                return Ok(self.received(&queue.name, &request, found.messages));
            }
            let look_again = until.min(Instant::now() + self.clock.until(found.next));
            let _ = tokio::time::timeout_at(look_again, arrivals).await;
        }
    }

    fn received(&self, queue: &str, request: &ReceiveMessage, messages: Vec<Received>) -> Value {
        if messages.is_empty() {
            return json!({});
        }
        let messages = messages.into_iter().map(|message| {
            let mut told = json!({
                "MessageId": message.id,
                "ReceiptHandle": receipt(self.named(queue).map_or(0, |queue| queue.id), message.seq, message.receives),
                "MD5OfBody": md5_hex(message.body.as_bytes()),
                "Body": message.body,
            });
            let system = self.system_attributes(&message, request);
            if !system.is_empty() {
                set(&mut told, "Attributes", system);
            }
            let attributes = chosen_attributes(&message, &request.message_attribute_names);
            if let Some(digest) = md5_of_attributes(&attributes) {
                set(&mut told, "MD5OfMessageAttributes", digest);
                set(&mut told, "MessageAttributes", json!(attributes));
            }
            told
        });
        json!({ "Messages": messages.collect::<Vec<_>>() })
    }

    fn system_attributes(&self, message: &Received, request: &ReceiveMessage) -> Map<String, Value> {
        let mut all = Map::new();
        let mut put = |name: &str, value: Option<String>| {
            let mut names = request
                .attribute_names
                .iter()
                .chain(&request.message_system_attribute_names);
            if let (Some(value), true) = (value, names.any(|wanted| wanted == "All" || wanted == name)) {
                all.insert(name.to_owned(), Value::String(value));
            }
        };
        put("ApproximateReceiveCount", Some(message.receives.to_string()));
        put(
            "ApproximateFirstReceiveTimestamp",
            message.first_received.map(|at| at.to_string()),
        );
        put("SentTimestamp", Some(message.sent.to_string()));
        put("SenderId", Some(self.names.account.clone()));
        put("AWSTraceHeader", message.trace.clone());
        put("MessageGroupId", message.group.clone());
        put("MessageDeduplicationId", message.deduplication.clone());
        let source = message.source.and_then(|id| self.by_id(id));
        put(
            "DeadLetterQueueSourceArn",
            source.map(|queue| self.arn(&queue.name)),
        );
        if message.group.is_some() {
            put("SequenceNumber", Some(sequence_number(message.seq)));
        }
        all
    }
}

/// Which queue, which message, which of its receptions.
fn receipt(queue: i64, seq: i64, receives: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{queue}.{seq}.{receives}"))
}

/// What a receipt names: message and reception, if it is one of this queue.
pub(super) fn parse_receipt(receipt: &str, queue: i64) -> Result<(i64, i64), AwsError> {
    let parse = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(receipt).ok()?).ok()?;
        let mut numbers = text.split('.').map(|number| number.parse::<i64>().ok());
        let (of, seq, receives) = (numbers.next()??, numbers.next()??, numbers.next()??);
        (of == queue && numbers.next().is_none()).then_some((seq, receives))
    };
    parse().ok_or_else(|| {
        AwsError::sender(
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{receipt}\" is not a valid receipt handle."),
        )
    })
}

fn within(name: &str, given: Option<i64>, default: i64, least: i64, most: i64) -> Result<i64, AwsError> {
    let value = given.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(error::invalid_value(format!(
        "Value {value} for parameter {name} is invalid. Reason: Must be >= {least} and <= {most}, if provided."
    )))
}

fn chosen_attributes(message: &Received, names: &[String]) -> MessageAttributes {
    let Some(text) = message.attributes.as_ref().filter(|_| !names.is_empty()) else {
        return MessageAttributes::new();
    };
    let mut all: MessageAttributes = serde_json::from_str(text).unwrap_or_default();
    all.retain(|name, _| {
        names.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == "All" || wanted == name,
        })
    });
    all
}

const COLUMNS: &str = "seq, id, body, attributes, trace, grp, dedup, sent, receives, first_received, source";

fn receive(connection: &Connection, wanted: &Wanted) -> Result<Found, rusqlite::Error> {
    let mut found = Found::default();
    loop {
        let missing = wanted.limit - i64::try_from(found.messages.len()).unwrap_or(i64::MAX);
        let mut rows = candidates(connection, wanted, missing)?;
        // Where messages are not hidden at all, they are found again.
        rows.retain(|row| found.messages.iter().all(|message| message.seq != row.seq));
        if rows.is_empty() {
            break;
        }
        for mut message in rows {
            match wanted.dead {
                Some((dead, most)) if message.receives >= most => {
                    bury(connection, wanted, message.seq, dead)?;
                    found.dead = true;
                }
                _ => {
                    take(connection, wanted, &mut message)?;
                    found.messages.push(message);
                }
            }
        }
        if i64::try_from(found.messages.len()).unwrap_or(i64::MAX) >= wanted.limit {
            break;
        }
    }
    if found.messages.is_empty() {
        let mut next = connection
            .prepare_cached("SELECT MIN(visible) FROM messages WHERE queue = ?1 AND visible > ?2")?;
        found.next = next.query_row([wanted.queue, wanted.now], |row| row.get(0))?;
    }
    Ok(found)
}

/// In a FIFO queue, only where nothing of the group that was sent before is on its way.
fn candidates(
    connection: &Connection,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<Received>, rusqlite::Error> {
    let select = if wanted.fifo {
        format!(
            "SELECT {COLUMNS} FROM messages AS m INDEXED BY messages_order
             WHERE queue = ?1 AND grp IS NOT NULL AND visible <= ?2 AND sent > ?3 AND NOT EXISTS (
                 SELECT 1 FROM messages AS b WHERE b.queue = m.queue AND b.grp = m.grp AND b.visible > ?2
                     AND (b.seq < m.seq OR b.receives > 0))
             ORDER BY seq LIMIT ?4"
        )
    } else {
        format!(
            "SELECT {COLUMNS} FROM messages WHERE queue = ?1 AND visible <= ?2 AND sent > ?3
             ORDER BY visible, seq LIMIT ?4"
        )
    };
    let mut statement = connection.prepare_cached(&select)?;
    let rows = statement.query_map(params![wanted.queue, wanted.now, wanted.since, limit], read)?;
    rows.collect()
}

fn read(row: &Row<'_>) -> Result<Received, rusqlite::Error> {
    Ok(Received {
        seq: row.get(0)?,
        id: row.get(1)?,
        body: row.get(2)?,
        attributes: row.get(3)?,
        trace: row.get(4)?,
        group: row.get(5)?,
        deduplication: row.get(6)?,
        sent: row.get(7)?,
        receives: row.get(8)?,
        first_received: row.get(9)?,
        source: row.get(10)?,
    })
}

fn take(connection: &Connection, wanted: &Wanted, message: &mut Received) -> Result<(), rusqlite::Error> {
    message.receives += 1;
    message.first_received = message.first_received.or(Some(wanted.now));
    connection
        .prepare_cached(
            "UPDATE messages SET visible = ?1, receives = ?2, first_received = ?3 WHERE seq = ?4",
        )?
        .execute(params![
            wanted.now + wanted.visibility,
            message.receives,
            message.first_received,
            message.seq
        ])
        .map(drop)
}

/// A FIFO queue counts the age of a dead letter anew, as AWS does.
fn bury(connection: &Connection, wanted: &Wanted, seq: i64, dead: i64) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "UPDATE messages SET queue = ?1, visible = ?2, receives = 0, first_received = NULL, source = ?3,
                 sent = CASE WHEN grp IS NULL THEN sent ELSE ?2 END
             WHERE seq = ?4",
        )?
        .execute(params![dead, wanted.now, wanted.queue, seq])
        .map(drop)
}
