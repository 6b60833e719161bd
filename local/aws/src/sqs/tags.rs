//! Tags of queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::params;

use super::Sqs;
use super::queue::Queue;
use super::queues::{OfQueue, text};
use crate::AwsError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagQueue {
    queue_url: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagQueue {
    queue_url: String,
    tag_keys: Vec<String>,
}

impl Sqs {
    pub(super) async fn list_queue_tags(&self, request: OfQueue) -> Result<Value, AwsError> {
        Ok(json!({ "Tags": self.of_url(&request.queue_url)?.tags }))
    }

    pub(super) async fn tag_queue(&self, request: TagQueue) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let mut tags = queue.tags.clone();
        tags.extend(request.tags);
        self.set_tags(&queue, tags).await
    }

    pub(super) async fn untag_queue(&self, request: UntagQueue) -> Result<Value, AwsError> {
        let queue = self.of_url(&request.queue_url)?;
        let mut tags = queue.tags.clone();
        tags.retain(|key, _| !request.tag_keys.contains(key));
        self.set_tags(&queue, tags).await
    }

    async fn set_tags(&self, queue: &Arc<Queue>, tags: BTreeMap<String, String>) -> Result<Value, AwsError> {
        let (id, row) = (queue.id, text(&tags));
        self.write(move |connection| {
            connection.execute("UPDATE queues SET tags = ?1 WHERE id = ?2", params![row, id])
        })
        .await?;
        self.put(Queue {
            tags,
            name: queue.name.clone(),
            attributes: queue.attributes.clone(),
            arrivals: Arc::clone(&queue.arrivals),
            ..**queue
        });
        Ok(Value::Null)
    }
}
