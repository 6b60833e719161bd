//! The attributes of nodes, as types. They serialize to what a definition writes.

use std::collections::BTreeMap;

pub use domain::task::VotePolicy;
use domain::text::Text;
use serde::{Deserialize, Serialize};

/// How an instance ends, and so the resolution of its ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndStatus {
    #[default]
    Completed,
    Rejected,
}

impl EndStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected => "rejected",
        }
    }
}

/// Who gets a task: everyone named, together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assignee {
    Starter(Relation),
    /// By user id.
    User(String),
    /// Every member of a role, by its key.
    Role(String),
}

/// Who, seen from the starter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    #[serde(rename = "self")]
    Themselves,
    Leader,
}

/// A pool of which one claims the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Candidate {
    User(String),
    Role(String),
}

/// What a task's people may do with a field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    Write,
    Hidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenNoAssignee {
    /// The administrators get the task.
    #[default]
    Admin,
    /// The task is passed with its first outcome.
    Skip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenStarterIsAssignee {
    /// The starter decides on the own request.
    #[default]
    Keep,
    /// The starter is left out; where nobody is left, the task is passed with its first outcome.
    Skip,
}

/// When a task is due, counted from its opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// ISO 8601, longer than nothing and shorter than a year; `P1M` is a month of the calendar.
    pub within: String,
    /// Of what time; all of it where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// What happens then; where there is nothing, it is only shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
}

/// Which time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calendar {
    /// Monday to Friday, in the time zone of the deployment.
    Workdays,
}

/// What happens to a task that was not decided in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// The leaders of those who have not voted get it as well.
    Escalate,
    /// It is decided with this outcome.
    Outcome(String),
}

/// How often a service is called before it counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// All calls together, so 1 means that nothing is repeated.
    pub attempts: u32,
    /// The longest pause before the first repetition; doubled for each further one.
    #[serde(default = "one")]
    pub seconds: u32,
}

fn one() -> u32 {
    1
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            seconds: 1,
        }
    }
}

/// A task of people, with every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserTask {
    pub id: String,
    pub name: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assign: Vec<Assignee>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    pub vote: VotePolicy,
    /// At least one; the first is the positive one.
    pub outcomes: Vec<String>,
    /// Fields that are not named may be read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Access>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    pub when_no_assignee: WhenNoAssignee,
    pub when_starter_is_assignee: WhenStarterIsAssignee,
}

/// What a service task calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// As the definition writes it (`create-payment`); [`function_name`](crate::function_name) makes the
    /// function's name of it.
    Lambda(String),
    Http(HttpCall),
    Queue(QueueMessage),
}

/// A call over HTTP. `url`, `headers` and `body` are expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCall {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A message for a queue of the deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueMessage {
    pub name: String,
    /// An expression; all of the data where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A task of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTask {
    pub id: String,
    pub name: Text,
    #[serde(flatten)]
    pub service: Service,
    pub retry: Retry,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
}
