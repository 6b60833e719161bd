//! What a state machine asks for when it comes to a place.

use domain::id::{Iteration, NodeId, TaskId, TicketId};
use domain::place::{Attached, Awaited, AwaitedMessage, AwaitedSignal, Call, Timer};
use domain::{Error, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::execution::{Header, PathEntry};

/// A state machine asks a function to open a place where the execution waits for its token.
#[derive(Debug, Clone, Deserialize)]
pub struct Opening {
    #[serde(flatten)]
    pub header: Header,
    pub token: String,
    pub node: String,
    pub visit: u32,
    /// When, among the nodes of the instance, this one was entered.
    pub seq: u32,
    #[serde(default)]
    pub iteration: Option<Iteration>,
    pub path: Vec<PathEntry>,
    /// What the execution carries: kept, because a resumed execution begins from it.
    #[serde(default)]
    pub state: Option<Value>,
    #[serde(default)]
    pub events: Vec<Listened>,
    #[serde(default)]
    pub attached: Option<Attached>,
    #[serde(default)]
    pub call: Option<Call>,
}

/// An event as the machine tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Listened {
    node: String,
    timer: Option<Timer>,
    message: Option<Correlated>,
    signal: Option<AwaitedSignal>,
    since: Option<Timestamp>,
}

/// A message's name, and which of several of that name is meant: a value of the instance.
#[derive(Debug, Clone, Deserialize)]
pub struct Correlated {
    name: String,
    #[serde(default)]
    correlation: Value,
}

/// Characters that a name or a correlation may have: they are part of keys.
pub const MOST_CHARACTERS: usize = 200;

impl Opening {
    pub fn place(&self) -> Result<TaskId> {
        Ok(TaskId {
            instance: self.header.instance.clone(),
            node: NodeId::parse(&self.node).map_err(|e| Error::internal("read a node's id", e))?,
            visit: self.visit,
            iteration: self.iteration.clone(),
        })
    }

    pub fn awaited(&self) -> Result<Vec<Awaited>> {
        self.events
            .iter()
            .cloned()
            .map(|event| event.awaited(&self.header.ticket))
            .collect()
    }
}

impl Listened {
    fn awaited(self, ticket: &TicketId) -> Result<Awaited> {
        let message = self.message.map(|message| -> Result<AwaitedMessage> {
            Ok(AwaitedMessage {
                correlation: correlation(&message.correlation, ticket)?,
                name: message.name,
            })
        });
        Ok(Awaited {
            node: self.node,
            timer: self.timer,
            message: message.transpose()?,
            signal: self.signal,
            since: self.since,
        })
    }
}

/// A correlation as a text: without a value, that of the ticket's own messages.
pub fn correlation(value: &Value, ticket: &TicketId) -> Result<String> {
    let text = match value {
        Value::Null => return Ok(ticket.to_string()),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.is_empty() || text.chars().count() > MOST_CHARACTERS {
        return Err(Error::internal(
            "read a correlation",
            format!("it has 1 to {MOST_CHARACTERS} characters"),
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_correlation_is_a_text() {
        let ticket = TicketId::parse("t1").unwrap();
        for (value, expected) in [
            (json!("4711"), Some("4711")),
            (json!(4711), Some("4711")),
            (json!(null), Some("t1")),
            (json!(""), None),
            (json!("x".repeat(201)), None),
        ] {
            assert_eq!(correlation(&value, &ticket).ok().as_deref(), expected, "{value}");
        }
    }
}
