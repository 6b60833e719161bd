//! A task as clients see it.

use domain::Text;
use domain::id::{InstanceId, Key, TaskId, TicketId, UserId};
use domain::task::{Task, VotePolicy};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A human task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskView {
    id: TaskId,
    node: String,
    name: Text,
    status: TaskStatus,
    instance_id: InstanceId,
    ticket_id: TicketId,
    workflow: Key,
    /// What can be voted; the first is the positive one.
    outcomes: Vec<String>,
    vote: VotePolicy,
    /// Who may vote.
    voters: Vec<UserId>,
    /// Who has voted.
    voted: Vec<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskStatus {
    Open,
    Completed,
    /// Left without a decision.
    Closed,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        let outcome = task.outcome_decided().map(str::to_owned);
        let completed_at = task
            .decided
            .as_ref()
            .filter(|_| outcome.is_some())
            .map(|decision| decision.at);
        let status = match outcome {
            Some(_) => TaskStatus::Completed,
            // By an event, before its people had decided.
            None if !task.is_open() => TaskStatus::Closed,
            None => TaskStatus::Open,
        };
        Self {
            node: task.id.node.to_string(),
            name: task.name,
            status,
            instance_id: task.id.instance.clone(),
            ticket_id: task.ticket,
            workflow: task.workflow,
            outcomes: task.outcomes,
            vote: task.policy,
            voters: task.voters.into_iter().collect(),
            voted: task.votes.into_keys().collect(),
            outcome,
            opened_at: task.opened_at,
            due_at: task.due_at,
            completed_at,
            id: task.id,
        }
    }
}
