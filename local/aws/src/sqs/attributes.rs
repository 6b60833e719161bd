//! What a queue is set to, and what it holds.

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};

use super::Sqs;
use super::queue::{Attributes, Queue, check_attributes, is_attribute};
use super::queues::text;
use crate::{AwsError, QueueFigures};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetAttributes {
    queue_url: String,
    attributes: Attributes,
}

/// Messages of a queue: that can be received, that were, that are still delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: i64,
    pub(super) in_flight: i64,
    pub(super) delayed: i64,
}

pub(super) fn count(connection: &Connection, queue: i64, now: i64) -> Result<Counts, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT COUNT(*) FILTER (WHERE visible <= ?2), COUNT(*) FILTER (WHERE visible > ?2 AND receives > 0),
                COUNT(*) FILTER (WHERE visible > ?2 AND receives = 0)
         FROM messages WHERE queue = ?1",
    )?;
    statement.query_row(params![queue, now], |row| {
        Ok(Counts {
            visible: row.get(0)?,
            in_flight: row.get(1)?,
            delayed: row.get(2)?,
        })
    })
}

impl Sqs {
    pub(super) async fn get_queue_attributes(&self, request: GetAttributes) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let names = &request.attribute_names;
        if let Some(unknown) = names.iter().find(|name| *name != "All" && !is_attribute(name)) {
            return Err(AwsError::sender(
                "InvalidAttributeName",
                format!("Unknown Attribute {unknown}."),
            ));
        }
        if names.is_empty() {
            return Ok(json!({}));
        }
        let mut all = queue.all_attributes();
        let mut put = |name: &str, value: String| drop(all.insert(name.to_owned(), value));
        put("QueueArn", self.arn(&queue.name));
        put("CreatedTimestamp", queue.created.to_string());
        put("LastModifiedTimestamp", queue.modified.to_string());
        if names
            .iter()
            .any(|name| name == "All" || name.starts_with("ApproximateNumber"))
        {
            let (id, now) = (queue.id, self.now());
            let counts = self
                .storage
                .read(move |connection| count(connection, id, now))
                .await?;
            put("ApproximateNumberOfMessages", counts.visible.to_string());
            put(
                "ApproximateNumberOfMessagesNotVisible",
                counts.in_flight.to_string(),
            );
            put("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string());
        }
        if !names.iter().any(|name| name == "All") {
            all.retain(|name, _| names.contains(name));
        }
        Ok(json!({ "Attributes": all }))
    }

    pub(crate) async fn figures(&self) -> Result<Vec<QueueFigures>, AwsError> {
        let now = self.now();
        let mut queues: Vec<(i64, String)> = {
            let queues = self
                .queues
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            queues
                .values()
                .map(|queue| (queue.id, queue.name.clone()))
                .collect()
        };
        queues.sort();
        let counted = self.storage.read(move |connection| {
            let figures = queues.into_iter().map(|(id, name)| {
                let Counts {
                    visible,
                    in_flight,
                    delayed,
                } = count(connection, id, now)?;
                Ok(QueueFigures {
                    name,
                    visible,
                    in_flight,
                    delayed,
                })
            });
            figures.collect::<Result<Vec<_>, rusqlite::Error>>()
        });
        Ok(counted.await?)
    }

    pub(super) async fn set_queue_attributes(&self, request: SetAttributes) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        check_attributes(&request.attributes, queue.fifo())?;
        let mut attributes = queue.attributes.clone();
        for (name, value) in request.attributes {
            match (name.as_str(), value.is_empty()) {
                ("FifoQueue", _) => {
                    let message = "Changing the attribute FifoQueue is not possible.";
                    return Err(AwsError::sender("InvalidAttributeName", message));
                }
                (_, true) => drop(attributes.remove(&name)),
                (_, false) => drop(attributes.insert(name, value)),
            }
        }
        let (id, now, row) = (queue.id, self.now() / 1000, text(&attributes));
        self.write(move |connection| {
            let update = "UPDATE queues SET attributes = ?1, modified = ?2 WHERE id = ?3";
            connection.execute(update, params![row, now, id])
        })
        .await?;
        self.put(Queue {
            attributes,
            modified: now,
            name: queue.name.clone(),
            tags: queue.tags.clone(),
            arrivals: std::sync::Arc::clone(&queue.arrivals),
            ..*queue
        });
        Ok(Value::Null)
    }
}
