use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Timestamp;
use crate::scope::Variables;

/// Where one thread of an execution stands: the machine's own, a branch's or an iteration's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// The frame of the Parallel or Map that made it.
    pub(crate) parent: Option<usize>,
    /// Which branch or iteration it is.
    pub(crate) index: usize,
    pub(crate) node: usize,
    /// The state's raw input.
    pub(crate) input: Arc<Value>,
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub(crate) variables: Variables,
    /// The event that the next one follows.
    pub(crate) previous: u64,
    /// The event that tells of entering the state, and the one before it.
    pub(crate) entered: u64,
    pub(crate) before: u64,
    pub(crate) entered_at: Timestamp,
    /// Retries used, per retrier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) retries: Vec<u32>,
    #[serde(default)]
    pub(crate) retry_count: u32,
    /// The item of a Map's iteration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<Arc<Value>>,
    pub(crate) activity: Activity,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Activity {
    /// In the queue of what runs next.
    Ready,
    Task(PendingTask),
    Wait {
        until: Timestamp,
    },
    Retry {
        until: Timestamp,
    },
    Fanout(Box<Fanout>),
    MapRun {
        token: String,
        started: bool,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingTask {
    pub(crate) token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_at: Option<Timestamp>,
}

/// Branches or iterations that run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fanout {
    /// The frames that still run.
    pub(crate) running: Vec<usize>,
    pub(crate) results: Vec<Option<Arc<Value>>>,
    /// Iterations not yet begun, with their items.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub(crate) waiting: VecDeque<(usize, Arc<Value>)>,
    /// The input after `InputPath`, which the item selector sees.
    pub(crate) effective: Arc<Value>,
    /// The event that the next iteration's start follows.
    pub(crate) last: u64,
}

impl Frame {
    pub(crate) fn new(parent: Option<usize>, index: usize, node: usize, input: Arc<Value>) -> Self {
        Self {
            parent,
            index,
            node,
            input,
            variables: Variables::new(),
            previous: 0,
            entered: 0,
            before: 0,
            entered_at: Timestamp::default(),
            retries: Vec::new(),
            retry_count: 0,
            item: None,
            activity: Activity::Ready,
        }
    }

    /// The next instant at which something is due here.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match &self.activity {
            Activity::Wait { until } | Activity::Retry { until } => Some(*until),
            Activity::Task(task) => [task.timeout_at, task.heartbeat_at].into_iter().flatten().min(),
            _ => None,
        }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        match &self.activity {
            Activity::Task(task) => Some(&task.token),
            Activity::MapRun { token, .. } => Some(token),
            _ => None,
        }
    }
}
