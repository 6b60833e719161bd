//! Domain events: what happened to an aggregate, told by the write that made it happen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::UserId;

/// Rides on the item that changed. The item's stream carries it to the event store, so it costs no write of its own.
/// Its place in the aggregate's history is the item's revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `aggregate.verb`, such as `ticket.resolved`.
    #[serde(rename = "type")]
    pub kind: String,
    pub at: Timestamp,
    /// Who did it; nobody where the platform did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

impl Event {
    pub fn new(kind: &str, at: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            at,
            actor: None,
            data: Value::Null,
        }
    }

    #[must_use]
    pub fn by(mut self, actor: &UserId) -> Self {
        self.actor = Some(actor.clone());
        self
    }

    #[must_use]
    pub fn with(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}
