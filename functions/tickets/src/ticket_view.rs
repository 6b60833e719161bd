//! A ticket as clients see it.

use domain::id::{InstanceId, Key, TicketId, UserId};
use domain::ticket::{Priority, Ticket, TicketStatus};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketView {
    id: TicketId,
    #[serde(rename = "type")]
    kind: Key,
    title: String,
    priority: Priority,
    status: TicketStatus,
    /// How it ended: the status of the workflow's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
    requester: UserId,
    workflow: Key,
    workflow_version: u32,
    instance_id: InstanceId,
    /// As they were submitted.
    #[schema(value_type = Object)]
    values: Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
}

impl From<Ticket> for TicketView {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            kind: ticket.kind,
            title: ticket.title,
            priority: ticket.priority,
            status: ticket.status,
            resolution: ticket.resolution,
            requester: ticket.requester,
            workflow: ticket.workflow,
            workflow_version: ticket.workflow_version,
            instance_id: ticket.instance,
            values: ticket.values,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            resolved_at: ticket.resolved_at,
        }
    }
}
