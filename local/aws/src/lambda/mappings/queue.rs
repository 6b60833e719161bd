//! Following a queue: messages are received, handed to the function, and deleted when it is done with them.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::batch::Outcome;
use super::{Mapping, run::PAUSE};
use crate::AwsError;
use crate::lambda::Lambda;
use crate::server::{Stop, stopped};
use crate::service::{Service, set};

/// Messages of one reception.
const RECEIVED: usize = 10;
const LONG_POLL_SECONDS: u64 = 20;

impl Lambda {
    /// Until it is stopped; a batch that was begun is brought to its end.
    pub(super) async fn follow_queue(&self, mapping: &Mapping, arn: &str, mut stop: Stop) {
        loop {
            let received = tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                received = self.gather(mapping, arn) => received,
            };
            let handled = match received {
                Ok((url, messages)) => self.handle_messages(mapping, arn, &url, messages).await,
                Err(error) => Err(error),
            };
            if let Err(error) = handled {
                tracing::warn!(queue = arn, error = %error, "cannot follow the queue");
                tokio::select! {
                    () = stopped(&mut stop) => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    /// Messages of one batch, and the queue's URL. What was received when this is dropped comes again.
    async fn gather(&self, mapping: &Mapping, arn: &str) -> Result<(String, Vec<Value>), AwsError> {
        let url = self.sqs.url_of_arn(arn);
        let url = url.ok_or_else(|| AwsError::not_found(format!("There is no queue {arn}.")))?;
        let mut messages = self
            .receive(&url, mapping.batch_size(), LONG_POLL_SECONDS)
            .await?;
        let until = Instant::now() + Duration::from_secs(mapping.window_seconds());
        while !messages.is_empty() && messages.len() < mapping.batch_size() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let missing = mapping.batch_size() - messages.len();
            let wait = left.as_secs().min(LONG_POLL_SECONDS);
            messages.extend(self.receive(&url, missing, wait).await?);
            if wait == 0 {
                break;
            }
        }
        Ok((url, messages))
    }

    async fn receive(&self, url: &str, most: usize, wait_seconds: u64) -> Result<Vec<Value>, AwsError> {
        let request = json!({
            "QueueUrl": url, "MaxNumberOfMessages": most.min(RECEIVED), "WaitTimeSeconds": wait_seconds,
            "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let mut answer = self.sqs.handle("ReceiveMessage", request).await?;
        match answer.get_mut("Messages").map(Value::take) {
            Some(Value::Array(messages)) => Ok(messages),
            _ => Ok(Vec::new()),
        }
    }

    async fn handle_messages(
        &self,
        mapping: &Mapping,
        arn: &str,
        url: &str,
        messages: Vec<Value>,
    ) -> Result<(), AwsError> {
        let region = &self.names.region;
        let records = messages.iter().map(|message| record(message, arn, region));
        let wanted: Vec<Value> = records
            .filter(|record| mapping.wants(&readable(record)))
            .collect();
        let ids: HashSet<String> = wanted.iter().map(|record| text(record, "messageId")).collect();
        let outcome = match wanted.is_empty() {
            true => Outcome::Done,
            false => self.run_batch(mapping, wanted, &ids).await,
        };
        // What the function is not to see is done with as well.
        let again = match outcome {
            Outcome::Done => HashSet::new(),
            Outcome::Partly(failed) => failed,
            Outcome::Failed => ids,
        };
        let done = messages
            .iter()
            .filter(|message| !again.contains(&text(message, "MessageId")));
        let receipts: Vec<String> = done.map(|message| text(message, "ReceiptHandle")).collect();
        for receipts in receipts.chunks(RECEIVED) {
            let entries = receipts.iter().enumerate();
            let entries =
                entries.map(|(n, receipt)| json!({ "Id": n.to_string(), "ReceiptHandle": receipt }));
            let request = json!({ "QueueUrl": url, "Entries": entries.collect::<Vec<_>>() });
            self.sqs.handle("DeleteMessageBatch", request).await?;
        }
        Ok(())
    }
}

fn text(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A message as Lambda hands it over.
fn record(message: &Value, arn: &str, region: &str) -> Value {
    let attributes = message.get("MessageAttributes").and_then(Value::as_object);
    let attributes: Map<String, Value> = attributes
        .into_iter()
        .flatten()
        .map(|(name, attribute)| {
            let mut told = json!({ "stringListValues": [], "binaryListValues": [] });
            for (theirs, ours) in [
                ("DataType", "dataType"),
                ("StringValue", "stringValue"),
                ("BinaryValue", "binaryValue"),
            ] {
                if let Some(value) = attribute.get(theirs) {
                    set(&mut told, ours, value.clone());
                }
            }
            (name.clone(), told)
        })
        .collect();
    json!({
        "messageId": message.get("MessageId"),
        "receiptHandle": message.get("ReceiptHandle"),
        "body": message.get("Body"),
        "attributes": message.get("Attributes"),
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody"),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    })
}

/// For filters, which look into a body that is JSON.
fn readable(record: &Value) -> Value {
    let mut record = record.clone();
    let body: Option<Value> = serde_json::from_str(&text(&record, "body")).ok();
    if let Some(body) = body.filter(Value::is_object) {
        set(&mut record, "body", body);
    }
    record
}
