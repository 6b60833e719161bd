//! Places: where an instance rests until people, an event or the end of a called instance let it go on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{Key, NodeId, UserId};

/// What a place mainly waits for. Each listens to its events as well, and the first of all decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// People.
    #[default]
    User,
    Timer,
    /// Messages and signals.
    Receive,
    /// The end of a called instance.
    Call,
}

/// An event that a place listens to: one of timer, message and signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The node that is entered when it occurs.
    pub node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Timer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<AwaitedMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<AwaitedSignal>,
    /// When the activity was entered from which a timer counts; else it counts from the opening of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// One of the three, as BPMN writes them (ISO 8601).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_duration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_cycle: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedMessage {
    pub name: String,
    /// Which of several instances is meant.
    pub correlation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedSignal {
    pub name: String,
}

/// The visit of an activity or scope that a listener belongs to: it is over when that is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    pub node: NodeId,
    pub visit: u32,
}

/// The instance that a place starts, and whose end it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub called_element: Key,
    #[serde(default)]
    pub data: BTreeMap<String, Value>,
}

/// The first of a place's timers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub at: Timestamp,
    pub node: String,
}

/// What let the instance go on. Written once, and never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    #[serde(flatten)]
    pub answer: Answer,
    pub at: Timestamp,
    /// Whose vote decided; nobody where the platform did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// What the execution is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// People chose one of the outcomes.
    Outcome { outcome: String },
    /// It cannot go on as it should.
    Error { error: String, cause: String },
    /// An event occurred, or the called instance ended; without an event, a listener is over.
    Event {
        event: Option<String>,
        #[serde(default)]
        data: BTreeMap<String, Value>,
        /// With which status the called instance ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
    },
}

impl Decision {
    /// Not made by anybody's vote.
    pub fn of(answer: Answer, at: Timestamp) -> Self {
        Self { answer, at, by: None }
    }

    pub fn outcome(&self) -> Option<&str> {
        match &self.answer {
            Answer::Outcome { outcome } => Some(outcome),
            Answer::Error { .. } | Answer::Event { .. } => None,
        }
    }
}

impl Answer {
    pub fn event(node: impl Into<String>, data: BTreeMap<String, Value>) -> Self {
        Self::Event {
            event: Some(node.into()),
            data,
            status: None,
        }
    }

    /// The activity that a listener belongs to has been left.
    pub fn over() -> Self {
        Self::Event {
            event: None,
            data: BTreeMap::new(),
            status: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decisions_are_told_apart_by_their_members() {
        let at = "2026-01-02T03:04:05Z";
        for (stored, answer) in [
            (
                json!({ "outcome": "approve", "at": at }),
                Answer::Outcome {
                    outcome: "approve".to_owned(),
                },
            ),
            (json!({ "event": null, "data": {}, "at": at }), Answer::over()),
            (
                json!({ "event": "late", "data": { "a": 1 }, "at": at }),
                Answer::event("late", BTreeMap::from([("a".to_owned(), json!(1))])),
            ),
            (
                json!({ "error": "E", "cause": "c", "at": at }),
                Answer::Error {
                    error: "E".to_owned(),
                    cause: "c".to_owned(),
                },
            ),
        ] {
            let decision: Decision = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(decision.answer, answer);
            assert_eq!(serde_json::to_value(&decision).unwrap(), stored);
        }
    }
}
