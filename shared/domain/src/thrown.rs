//! Messages and signals that were thrown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::TaskId;

/// Whom a thrown event is for: places that wait under the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// One place takes it, now or later.
    Message { name: String, correlation: String },
    /// All that wait now take it.
    Signal { name: String },
}

/// What the name of a message begins with that only the platform throws: an escalation on its way to its catcher. No
/// definition can name a message so, because no id holds a ':'.
pub const ESCALATION: &str = "escalation:";

impl Channel {
    /// Whether only state machines may throw it.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Message { name, .. } if name.starts_with(ESCALATION))
    }
}

/// A message or signal, known by the id that its sender chose: thrown twice is thrown once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thrown {
    pub id: String,
    pub channel: Channel,
    #[serde(default)]
    pub data: BTreeMap<String, Value>,
    pub at: Timestamp,
    /// The place that has taken a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<TaskId>,
    /// When all had a signal that were to have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
}

/// A place that waits under a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub place: TaskId,
    /// The node that is entered when the event occurs.
    pub node: String,
    /// When the place was opened.
    pub since: Timestamp,
}
