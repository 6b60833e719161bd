//! Instances: one run of one version of a workflow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::Event;
use crate::id::{InstanceId, Key, TaskId, TicketId, UserId};
use crate::ticket::Ticket;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstanceStatus {
    Running,
    Suspended,
    /// A step failed in a way that a person must look at.
    Incident,
    Completed,
    Rejected,
    Failed,
    Cancelled,
    Revoked,
    Terminated,
}

impl InstanceStatus {
    /// End states absorb: nothing leads out of them.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Suspended | Self::Incident)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Incident => "incident",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Revoked => "revoked",
            Self::Terminated => "terminated",
        }
    }

    /// The status that an end event names; an end event without one completes.
    pub fn of_end(status: Option<&str>) -> Self {
        match status {
            Some("rejected") => Self::Rejected,
            Some("failed") => Self::Failed,
            Some("cancelled") => Self::Cancelled,
            Some("revoked") => Self::Revoked,
            Some("terminated") => Self::Terminated,
            _ => Self::Completed,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub id: InstanceId,
    pub workflow: Key,
    pub version: u32,
    pub ticket: TicketId,
    pub starter: UserId,
    pub status: InstanceStatus,
    /// Counts the executions that were started for it; answers to older ones are refused.
    pub epoch: u32,
    /// ARN of the state machine that the last of them runs on, where it is not the version's own: the one that begins at a
    /// position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The form's values and what the nodes have written since.
    pub data: BTreeMap<String, Value>,
    /// Why it stands still, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// The place that called it; none where it was started for a ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// Calls between a ticket's instance and this one.
    #[serde(default)]
    pub depth: u32,
    pub started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Counts the changes.
    pub revision: u64,
    /// Of the last write only.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// What keeps an instance from going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// The error's name, as the state machine saw it.
    pub error: String,
    pub cause: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl Instance {
    /// The instance of a ticket as it starts. Made from the ticket alone, so that whoever needs it first can write it.
    pub fn of_ticket(ticket: &Ticket) -> Self {
        let data = match &ticket.values {
            Value::Object(values) => values
                .iter()
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect(),
            _ => BTreeMap::new(),
        };
        Self {
            id: ticket.instance.clone(),
            workflow: ticket.workflow.clone(),
            version: ticket.workflow_version,
            ticket: ticket.id.clone(),
            starter: ticket.requester.clone(),
            status: InstanceStatus::Running,
            epoch: 1,
            machine: None,
            data,
            incident: None,
            parent: None,
            depth: 0,
            started_at: ticket.created_at,
            ended_at: None,
            revision: 1,
            events: vec![Event::new("instance.started", ticket.created_at).by(&ticket.requester)],
        }
    }
}

/// The name of an execution: the instance and the epoch it was started for.
pub fn execution_name(instance: &InstanceId, epoch: u32) -> String {
    format!("{instance}_{epoch}")
}

/// The reverse of [`execution_name`].
pub fn parse_execution_name(name: &str) -> Option<(InstanceId, u32)> {
    let (instance, epoch) = name.rsplit_once('_')?;
    Some((InstanceId::parse(instance).ok()?, epoch.parse().ok()?))
}

/// One passing of one node, as the trace tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The order in which the nodes were entered, from 1.
    pub seq: u32,
    pub node: String,
    pub visit: u32,
}
