//! Creating, finding, listing and deleting queues.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};
use tokio::sync::Notify;

use super::queue::{Attributes, Queue, check_attributes, check_name};
use super::{Sqs, error};
use crate::AwsError;
use crate::service::set;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default, alias = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfQueue {
    pub(super) queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListSources {
    queue_url: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

pub(super) fn load(connection: &Connection) -> Result<Vec<Queue>, rusqlite::Error> {
    let mut statement =
        connection.prepare("SELECT id, name, attributes, tags, created, modified FROM queues")?;
    let queues = statement.query_map([], |row| {
        let map = |text: String| serde_json::from_str(&text).unwrap_or_default();
        Ok(Queue {
            id: row.get(0)?,
            name: row.get(1)?,
            attributes: map(row.get(2)?),
            tags: map(row.get(3)?),
            created: row.get(4)?,
            modified: row.get(5)?,
            arrivals: Arc::new(Notify::new()),
        })
    })?;
    queues.collect()
}

impl Sqs {
    pub(super) async fn create_queue(&self, request: CreateQueue) -> Result<Value, AwsError> {
        let CreateQueue {
            queue_name: name,
            mut attributes,
            tags,
        } = request;
        check_name(&name, &attributes)?;
        check_attributes(&attributes, name.ends_with(".fifo"))?;
        attributes.retain(|_, value| !value.is_empty());
        if let Some(there) = self.named(&name) {
            return self.same_queue(&there, &attributes);
        }
        let now = self.now() / 1000;
        let (texts, row) = ((text(&attributes), text(&tags)), name.clone());
        let inserted = self.write(move |connection| {
            connection.execute(
                "INSERT INTO queues (name, attributes, tags, created, modified) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (name) DO NOTHING",
                params![row, texts.0, texts.1, now],
            )?;
            connection.query_row("SELECT id FROM queues WHERE name = ?1", [row], |row| row.get(0))
        });
        let id = inserted.await?;
        let (arrivals, wanted) = (Arc::new(Notify::new()), attributes.clone());
        let queue = Queue {
            id,
            name,
            attributes,
            tags,
            created: now,
            modified: now,
            arrivals,
        };
        match self.put_new(queue) {
            Ok(queue) => Ok(json!({ "QueueUrl": self.url(&queue.name) })),
            Err(there) => self.same_queue(&there, &wanted),
        }
    }

    /// Creating it again is fine where nothing that is given differs.
    fn same_queue(&self, there: &Queue, wanted: &Attributes) -> Result<Value, AwsError> {
        let has = there.all_attributes();
        match wanted.iter().find(|(name, value)| has.get(*name) != Some(*value)) {
            None => Ok(json!({ "QueueUrl": self.url(&there.name) })),
            Some((name, _)) => Err(AwsError::sender(
                "QueueNameExists",
                format!(
                    "A queue already exists with the same name and a different value for attribute {name}."
                ),
            )),
        }
    }

    pub(super) async fn get_queue_url(&self, request: GetQueueUrl) -> Result<Value, AwsError> {
        let queue = self.named(&request.queue_name).ok_or_else(error::no_such_queue)?;
        Ok(json!({ "QueueUrl": self.url(&queue.name) }))
    }

    pub(super) async fn list_queues(&self, request: ListQueues) -> Result<Value, AwsError> {
        let names = self.names_where(|queue| queue.name.starts_with(&request.queue_name_prefix));
        Ok(self.page("QueueUrls", names, request.max_results, request.next_token))
    }

    pub(super) async fn list_dead_letter_source_queues(
        &self,
        request: ListSources,
    ) -> Result<Value, AwsError> {
        let arn = self.arn(&self.of_url(&request.queue_url)?.name);
        let names = self.names_where(|queue| queue.redrive().is_some_and(|redrive| redrive.target == arn));
        Ok(self.page("queueUrls", names, request.max_results, request.next_token))
    }

    fn names_where(&self, filter: impl Fn(&Queue) -> bool) -> Vec<String> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<_> = queues
            .values()
            .filter(|queue| filter(queue))
            .map(|queue| queue.name.clone())
            .collect();
        names.sort();
        names
    }

    /// The token is the last name of the page before.
    fn page(&self, member: &str, names: Vec<String>, most: Option<usize>, after: Option<String>) -> Value {
        let limit = most.unwrap_or(1000).clamp(1, 1000);
        let mut left = names
            .into_iter()
            .filter(|name| after.as_ref().is_none_or(|after| name > after));
        let page: Vec<String> = left.by_ref().take(limit).collect();
        let urls: Vec<String> = page.iter().map(|name| self.url(name)).collect();
        let mut answer = json!({ member: urls });
        // AWS gives a token only where a page was asked for.
        if let (Some(last), true, true) = (page.last(), left.next().is_some(), most.is_some()) {
            set(&mut answer, "NextToken", last.as_str());
        }
        answer
    }

    pub(super) async fn delete_queue(&self, request: OfQueue) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        // First, so that nothing is sent to it meanwhile.
        self.queues
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&queue.name);
        let id = queue.id;
        self.write(move |connection| {
            connection.execute("DELETE FROM messages WHERE queue = ?1", [id])?;
            connection.execute("DELETE FROM sent_before WHERE queue = ?1", [id])?;
            connection.execute("DELETE FROM queues WHERE id = ?1", [id])
        })
        .await?;
        queue.arrivals.notify_waiters();
        Ok(Value::Null)
    }

    pub(super) async fn purge_queue(&self, request: OfQueue) -> Result<Value, AwsError> {
        let id = self.of_url(&request.queue_url)?.id;
        self.write(move |connection| connection.execute("DELETE FROM messages WHERE queue = ?1", [id]))
            .await?;
        Ok(Value::Null)
    }
}

pub(super) fn text(map: &BTreeMap<String, String>) -> String {
    serde_json::to_string(map).unwrap_or_default()
}
