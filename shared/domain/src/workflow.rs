//! Workflow definitions as they are stored: the draft and its published versions. The language itself is the compiler's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::id::{Key, UserId};
use crate::text::Text;

/// A definition as its authors see it: any JSON object, also an unfinished one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    pub key: Key,
    #[schema(value_type = Object)]
    pub definition: Value,
    /// The newest published version; none while it is only a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    pub updated_by: UserId,
    /// Counts the changes; the `ETag`.
    pub revision: u64,
}

/// A published definition with the state machine made from it. Never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowVersion {
    pub key: Key,
    pub version: u32,
    #[schema(value_type = Object)]
    pub definition: Value,
    /// The form, as it was when this version was published.
    pub form: Key,
    pub form_version: u32,
    /// ARN of the state machine.
    pub state_machine: String,
    /// The fields whose values travel through the state machine, because a rule reads them.
    pub reads: BTreeSet<String>,
    /// The human tasks by node, with every default filled in.
    #[schema(value_type = Object)]
    pub user_tasks: BTreeMap<String, Value>,
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    pub published_by: UserId,
}

/// What people submit: a name for a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketType {
    pub key: Key,
    pub name: Text,
    pub workflow: Key,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts the changes; the `ETag`.
    pub revision: u64,
}
