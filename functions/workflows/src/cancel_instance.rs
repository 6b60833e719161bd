//! `POST /instances/{id}/cancel`

use axum::extract::State;
use domain::event::Event;
use domain::id::{InstanceId, TenantId};
use domain::instance::{Instance, InstanceStatus};
use domain::permission::Permission;
use domain::{Detail, Error, Result, Text};
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, Grant, clock, state_machines, table};
use store::Table;
use utoipa_axum::routes;

use crate::get_instance::InstanceView;

pub fn endpoint() -> Endpoint {
    Endpoint::new(
        Access::Permission(Permission::InstanceCancel),
        grants(),
        routes!(cancel_instance),
    )
}

pub(crate) fn grants() -> Vec<Grant> {
    vec![
        table(Table::Instances, "GetItem PutItem UpdateItem"),
        table(Table::Tasks, "GetItem Query UpdateItem"),
        table(Table::Tickets, "GetItem UpdateItem"),
        table(Table::Workflows, "GetItem"),
        state_machines("StopExecution SendTaskSuccess SendTaskFailure"),
    ]
}

/// Cancel an instance
///
/// A business decision: for its starter, and for those who manage instances. Its open tasks are closed and its ticket is
/// resolved as `cancelled`. Cancelling what is cancelled is cancelling it once.
#[utoipa::path(post, path = "/api/v1/instances/{id}/cancel", params(("id" = String, Path)),
    responses((status = 200, description = "Cancelled", body = InstanceView),
        (status = 409, description = "It has ended otherwise")))]
async fn cancel_instance(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<InstanceView> {
    let instance = engine::instance::read(&app, &caller.tenant, &id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    if instance.starter != caller.user {
        caller.require(Permission::InstanceManage)?;
    }
    let instance = stop(&app, &caller, instance, InstanceStatus::Cancelled).await?;
    Ok(Answer::ok(InstanceView::new(instance, &[])))
}

/// Ends an instance before its time: the intent first, from which on its execution is a stale one, then the rest.
pub(crate) async fn stop(
    app: &App,
    caller: &Caller,
    instance: Instance,
    status: InstanceStatus,
) -> Result<Instance> {
    let tenant = &caller.tenant;
    app.store.instance_create(tenant, &instance).await?;
    let event = Event::new("instance.ended", clock::now()).by(&caller.user);
    let event = event.with(serde_json::json!({ "status": status.as_str() }));
    let stopped = match app.store.instance_stop(tenant, &instance, status, event).await? {
        Some(stopped) => stopped,
        None => not_possible(app, tenant, &instance.id, status).await?,
    };
    engine::end::settle(app, tenant, &stopped).await?;
    Ok(stopped)
}

/// The instance where it is as wanted already; else why it cannot become so.
pub(crate) async fn not_possible(
    app: &App,
    tenant: &TenantId,
    id: &InstanceId,
    wanted: InstanceStatus,
) -> Result<Instance> {
    let instance = app
        .store
        .instance_get(tenant, id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    if instance.status == wanted {
        return Ok(instance);
    }
    let status = instance.status.as_str();
    let message = Text::new(
        format!("The instance is {status}."),
        format!("流程实例的状态为 {status}。"),
    );
    let details = legal_moves(instance.status)
        .iter()
        .map(|(verb, zh)| Detail::new("/status", "legal_move", Text::new(*verb, *zh)))
        .collect();
    Err(Error::Conflict { message, details })
}

/// The moves that lead out of a status.
fn legal_moves(status: InstanceStatus) -> &'static [(&'static str, &'static str)] {
    match status {
        InstanceStatus::Running => &[("suspend", "挂起"), ("cancel", "取消"), ("terminate", "终止")],
        InstanceStatus::Suspended => &[("resume", "恢复"), ("cancel", "取消"), ("terminate", "终止")],
        InstanceStatus::Incident => &[("cancel", "取消"), ("terminate", "终止")],
        _ => &[],
    }
}
