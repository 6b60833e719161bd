//! What a state machine asks for when it comes to a place.

use domain::id::{Iteration, NodeId, TaskId, TicketId};
use domain::place::{Attached, Awaited, AwaitedMessage, AwaitedSignal, Call, Timer};
use domain::thrown::Channel;
use domain::{Error, Result, Text};
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
    /// It is no node of the definition but a listener that nobody sees: it is entered when its event occurs.
    #[serde(default)]
    pub hidden: bool,
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
/// The same where the platform makes it of an instance, a node, a visit and an iteration.
pub const MOST_CHARACTERS_INTERNAL: usize = 400;

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
        let message = self
            .message
            .map(|message| -> Result<AwaitedMessage> { message.awaited(ticket) });
        Ok(Awaited {
            node: self.node,
            timer: self.timer,
            message: message.transpose()?,
            signal: self.signal,
            since: self.since,
        })
    }
}

impl Correlated {
    fn awaited(self, ticket: &TicketId) -> Result<AwaitedMessage> {
        match channel(&self.name, &self.correlation, ticket)? {
            Channel::Message { name, correlation } => Ok(AwaitedMessage { name, correlation }),
            Channel::Signal { .. } => Err(Error::internal("read a message", "it is a signal")),
        }
    }
}

/// Where those who wait for a message and those who throw it meet. Without a correlation, it is one of the ticket's own.
pub fn channel(name: &str, correlation: &Value, ticket: &TicketId) -> Result<Channel> {
    let channel = Channel::Message {
        name: name.to_owned(),
        correlation: match correlation {
            Value::Null => ticket.to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    };
    let most = most_characters(&channel);
    match &channel {
        // An expression gave it: another try gives the same.
        Channel::Message { correlation, .. } if !(1..=most).contains(&correlation.chars().count()) => {
            let message = Text::new(
                format!("A correlation has 1 to {most} characters."),
                format!("关联标识须为 1 到 {most} 个字符。"),
            );
            Err(Error::invalid("/message/correlation", "length", message))
        }
        _ => Ok(channel),
    }
}

/// How long the name and the correlation of what is thrown may be.
pub fn most_characters(channel: &Channel) -> usize {
    if channel.is_internal() {
        MOST_CHARACTERS_INTERNAL
    } else {
        MOST_CHARACTERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_correlation_is_a_text() {
        let ticket = TicketId::parse("t1").unwrap();
        for (name, value, expected) in [
            ("paid", json!("4711"), Some("4711".to_owned())),
            ("paid", json!(4711), Some("4711".to_owned())),
            ("paid", json!(null), Some("t1".to_owned())),
            ("paid", json!(""), None),
            ("paid", json!("x".repeat(201)), None),
            // An instance, a node and an iteration, each as long as it can be.
            ("escalation:alarm", json!("x".repeat(300)), Some("x".repeat(300))),
            ("escalation:alarm", json!("x".repeat(401)), None),
        ] {
            let text = channel(name, &value, &ticket).ok().map(|channel| match channel {
                Channel::Message { correlation, .. } => correlation,
                Channel::Signal { name } => name,
            });
            assert_eq!(text, expected, "{value}");
        }
    }
}
