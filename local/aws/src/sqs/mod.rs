//! SQS: standard and FIFO queues, durable.

mod attributes;
mod delete;
mod digest;
mod error;
mod moves;
mod query;
mod queue;
mod queues;
mod receive;
mod send;
mod tags;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::DeserializeOwned;
use serde_json::Value;
use storage::rusqlite::{self, Connection};
use storage::{Storage, StorageError};
use tokio::sync::Notify;

use crate::service::{BoxFuture, Service};
use crate::{AwsError, Clock};

pub(crate) use error::query_code;
pub(crate) use query::{is_query, receives};
pub(crate) use send::{Message, put};

use queue::Queue;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// Names by which the services know each other's things.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) region: String,
    pub(crate) account: String,
    /// What URLs begin with.
    pub(crate) base_url: String,
}

pub(crate) struct Sqs {
    storage: Storage,
    clock: Clock,
    names: Names,
    /// All queues, by name; the rows behind them change first.
    queues: RwLock<HashMap<String, Arc<Queue>>>,
    /// Wakes who moves messages back.
    moves: Notify,
}

macro_rules! operations {
    ($($name:literal $method:ident),+ $(,)?) => {
        /// Their names.
        pub const OPERATIONS: &[&str] = &[$($name),+];

        impl Service for Sqs {
            fn handle<'a>(&'a self, operation: &'a str, body: Value) -> BoxFuture<'a, Result<Value, AwsError>> {
                Box::pin(async move {
                    match operation {
                        $($name => self.$method(request(body)?).await,)+
                        _ => Err(AwsError::unknown_operation(operation)),
                    }
                })
            }
        }
    };
}

operations! {
    "CancelMessageMoveTask" cancel_message_move_task,
    "ChangeMessageVisibility" change_message_visibility,
    "ChangeMessageVisibilityBatch" change_message_visibility_batch,
    "CreateQueue" create_queue,
    "DeleteMessage" delete_message,
    "DeleteMessageBatch" delete_message_batch,
    "DeleteQueue" delete_queue,
    "GetQueueAttributes" get_queue_attributes,
    "GetQueueUrl" get_queue_url,
    "ListDeadLetterSourceQueues" list_dead_letter_source_queues,
    "ListMessageMoveTasks" list_message_move_tasks,
    "ListQueueTags" list_queue_tags,
    "ListQueues" list_queues,
    "PurgeQueue" purge_queue,
    "ReceiveMessage" receive_message,
    "SendMessage" send_message,
    "SendMessageBatch" send_message_batch,
    "SetQueueAttributes" set_queue_attributes,
    "StartMessageMoveTask" start_message_move_task,
    "TagQueue" tag_queue,
    "UntagQueue" untag_queue,
}

fn request<T: DeserializeOwned>(body: Value) -> Result<T, AwsError> {
    Ok(serde_json::from_value(body)?)
}

impl Sqs {
    pub(crate) fn open(storage: Storage, clock: Clock, names: Names) -> Result<Self, StorageError> {
        let queues = storage.write_blocking(queues::load)?;
        let queues = queues
            .into_iter()
            .map(|queue| (queue.name.clone(), Arc::new(queue)));
        Ok(Self {
            storage,
            clock,
            names,
            queues: RwLock::new(queues.collect()),
            moves: Notify::new(),
        })
    }

    fn now(&self) -> i64 {
        self.clock.now()
    }

    fn arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{queue}", self.names.region, self.names.account)
    }

    fn url(&self, queue: &str) -> String {
        format!("{}/{}/{queue}", self.names.base_url, self.names.account)
    }

    fn named(&self, name: &str) -> Option<Arc<Queue>> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.get(name).cloned()
    }

    fn by_id(&self, id: i64) -> Option<Arc<Queue>> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.values().find(|queue| queue.id == id).cloned()
    }

    fn of_arn(&self, arn: &str) -> Option<Arc<Queue>> {
        let name = arn.rsplit(':').next()?;
        self.named(name).filter(|queue| self.arn(&queue.name) == arn)
    }

    /// The URL of a queue that is there.
    pub(crate) fn url_of_arn(&self, arn: &str) -> Option<String> {
        self.of_arn(arn).map(|queue| self.url(&queue.name))
    }

    /// By its URL, whatever host the URL names; some clients give the name alone.
    fn of_url(&self, url: &str) -> Result<Arc<Queue>, AwsError> {
        let name = url.rsplit('/').next().unwrap_or_default();
        self.named(name).ok_or_else(error::no_such_queue)
    }

    fn put(&self, queue: Queue) -> Arc<Queue> {
        let queue = Arc::new(queue);
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        queues.insert(queue.name.clone(), Arc::clone(&queue));
        queue
    }

    /// A new one, unless somebody was faster: then that one.
    fn put_new(&self, queue: Queue) -> Result<Arc<Queue>, Arc<Queue>> {
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        match queues.entry(queue.name.clone()) {
            Entry::Occupied(there) => Err(Arc::clone(there.get())),
            Entry::Vacant(place) => Ok(Arc::clone(place.insert(Arc::new(queue)))),
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, AwsError> {
        Ok(self.storage.write(change).await?)
    }

    /// What every minute asks for: messages whose time is over, what was sent before long ago.
    pub(crate) async fn clean(&self) -> Result<(), AwsError> {
        let queues: Vec<(i64, i64)> = {
            let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
            let kept = queues
                .values()
                .map(|queue| (queue.id, queue.number("MessageRetentionPeriod")));
            kept.collect()
        };
        let now = self.now();
        self.write(move |connection| {
            let mut old =
                connection.prepare_cached("DELETE FROM messages WHERE queue = ?1 AND sent <= ?2")?;
            for (queue, kept) in queues {
                old.execute([queue, now - kept * 1000])?;
            }
            send::forget(connection, now)
        })
        .await
    }
}
