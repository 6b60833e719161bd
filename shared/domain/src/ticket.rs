//! Tickets: what was submitted, and how far it has come.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::Event;
use crate::id::{InstanceId, Key, TenantId, TicketId, UserId};

/// The fixed categories of a ticket's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    Open,
    InProgress,
    Waiting,
    Resolved,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
    Urgent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub id: TicketId,
    #[serde(rename = "type")]
    pub kind: Key,
    pub title: String,
    pub priority: Priority,
    pub values: Value,
    pub requester: UserId,
    pub status: TicketStatus,
    /// How it ended: the status of the workflow's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    pub workflow: Key,
    pub workflow_version: u32,
    pub instance: InstanceId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Counts the changes; the `ETag`.
    pub revision: u64,
    /// Of the last write only.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// A ticket on its way: the message between the endpoint that takes it and the consumer that creates it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    pub tenant: TenantId,
    /// Also the id of the ticket to be: this is what makes a second delivery harmless.
    pub ticket: TicketId,
    pub requester: UserId,
    #[serde(rename = "type")]
    pub kind: Key,
    pub title: String,
    #[serde(default)]
    pub priority: Priority,
    pub values: Value,
    /// The version that the values were checked against; the current one where the producer names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_version: Option<u32>,
    pub submitted_at: Timestamp,
}

impl Submission {
    /// The ticket that it becomes. Its workflow starts with it, so it begins in progress.
    pub fn into_ticket(self, workflow: Key, workflow_version: u32) -> Ticket {
        let event = Event::new("ticket.created", self.submitted_at).by(&self.requester);
        Ticket {
            instance: InstanceId::of_ticket(&self.ticket),
            id: self.ticket,
            kind: self.kind,
            title: self.title,
            priority: self.priority,
            values: self.values,
            requester: self.requester,
            status: TicketStatus::InProgress,
            resolution: None,
            workflow,
            workflow_version,
            created_at: self.submitted_at,
            updated_at: self.submitted_at,
            resolved_at: None,
            revision: 1,
            events: vec![event],
        }
    }
}
