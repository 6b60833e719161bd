//! `GET /instances/{id}`

use std::collections::BTreeMap;

use axum::extract::State;
use domain::id::{InstanceId, Key, TicketId, UserId};
use domain::instance::{Incident, Instance, InstanceStatus};
use domain::permission::Permission;
use domain::task::Task;
use jiff::Timestamp;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Serialize;
use serde_json::Value;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::involved;

/// An instance and its position.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstanceView {
    id: InstanceId,
    workflow: Key,
    version: u32,
    ticket_id: TicketId,
    starter: UserId,
    status: InstanceStatus,
    /// The nodes where it waits.
    active_nodes: Vec<String>,
    /// The form's values and what the nodes have written since.
    #[schema(value_type = Object)]
    data: BTreeMap<String, Value>,
    /// Why it stands still, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<Incident>,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl InstanceView {
    pub(crate) fn new(instance: Instance, tasks: &[Task]) -> Self {
        let mut open: Vec<&Task> = tasks
            .iter()
            .filter(|task| task.is_open() && !task.hidden)
            .collect();
        open.sort_by_key(|task| task.seq);
        let running = !instance.status.is_final();
        let active_nodes = open
            .into_iter()
            .filter(|_| running)
            .map(|task| task.id.node.to_string())
            .collect();
        Self {
            id: instance.id,
            workflow: instance.workflow,
            version: instance.version,
            ticket_id: instance.ticket,
            starter: instance.starter,
            status: instance.status,
            active_nodes,
            data: instance.data,
            incident: instance.incident,
            started_at: instance.started_at,
            ended_at: instance.ended_at,
        }
    }
}

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Instances, "GetItem"),
        table(Table::Tasks, "Query"),
        table(Table::Tickets, "GetItem"),
    ];
    Endpoint::new(
        Access::Permission(Permission::InstanceRead),
        grants,
        routes!(get_instance),
    )
}

/// Get an instance
///
/// For its starter, for those who have or had a task in it, and for those who may see all.
#[utoipa::path(get, path = "/api/v1/instances/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "The instance", body = InstanceView)))]
async fn get_instance(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<InstanceView> {
    let (instance, tasks) = involved::read(&app, &caller, &id).await?;
    let revision = instance.revision;
    Ok(Answer::ok(InstanceView::new(instance, &tasks)).revision(revision))
}
