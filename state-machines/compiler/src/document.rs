//! A definition as its author wrote it: every attribute has its type, nothing is resolved or checked against
//! anything else.

use domain::text::Text;

use crate::node::{
    Access, Assignee, Candidate, EndStatus, Retry, VotePolicy, WhenNoAssignee, WhenStarterIsAssignee,
};

/// A definition that was read. Made by [`parse`](crate::parse).
#[derive(Debug, Clone)]
pub struct Document {
    pub key: String,
    pub name: Option<Text>,
    pub form: Option<String>,
    pub nodes: Vec<Node>,
    pub flows: Vec<Flow>,
    /// A node without an id, or one of the lists, could not be read: what seems to be missing may be there.
    pub(crate) is_partial: bool,
    /// Ids of nodes that flows lead from or to whose other end could not be read.
    pub(crate) loose_ends: Vec<LooseEnd>,
}

/// An entry of `nodes`.
#[derive(Debug, Clone)]
pub struct Node {
    pub pointer: String,
    pub id: String,
    pub name: Option<Text>,
    pub kind: Kind,
}

/// What a node is, with the attributes of its type.
#[derive(Debug, Clone)]
pub enum Kind {
    Start,
    End(EndStatus),
    User(Box<UserTask>),
    Service(ServiceTask),
    Exclusive,
    /// A type that is refused, with a diagnostic of its own; rules take it as able to do anything.
    Refused,
}

#[derive(Debug, Clone)]
pub struct UserTask {
    /// `None`: not written. What is written wrong is left out of the list, with a diagnostic.
    pub assign: Option<Vec<Assignee>>,
    pub candidates: Option<Vec<Candidate>>,
    pub vote: VotePolicy,
    /// Empty: written wrong.
    pub outcomes: Vec<String>,
    /// In the order of the text.
    pub fields: Vec<(String, Access)>,
    /// `due.within`, not yet understood.
    pub within: Option<String>,
    pub when_no_assignee: WhenNoAssignee,
    pub when_starter_is_assignee: WhenStarterIsAssignee,
}

#[derive(Debug, Clone)]
pub struct ServiceTask {
    /// `None`: missing or written wrong.
    pub lambda: Option<String>,
    pub retry: Retry,
}

/// The end of a flow that could be read.
#[derive(Debug, Clone)]
pub(crate) enum LooseEnd {
    From(String),
    To(String),
}

/// An entry of `flows`.
#[derive(Debug, Clone)]
pub struct Flow {
    pub pointer: String,
    pub from: String,
    pub to: String,
    pub outcome: Option<String>,
    pub when: Option<String>,
    pub default: bool,
    pub name: Option<Text>,
}
