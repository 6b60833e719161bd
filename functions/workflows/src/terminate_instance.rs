//! `POST /instances/{id}/terminate`

use axum::extract::State;
use domain::Error;
use domain::id::InstanceId;
use domain::instance::InstanceStatus;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint};
use utoipa_axum::routes;

use crate::cancel_instance::{grants, stop};
use crate::get_instance::InstanceView;

pub fn endpoint() -> Endpoint {
    Endpoint::new(
        Access::Permission(Permission::InstanceManage),
        grants(),
        routes!(terminate_instance),
    )
}

/// Terminate an instance
///
/// An administrator's end, at once. Its open tasks are closed and its ticket is resolved as `terminated`.
#[utoipa::path(post, path = "/api/v1/instances/{id}/terminate", params(("id" = String, Path)),
    responses((status = 200, description = "Terminated", body = InstanceView),
        (status = 409, description = "It has ended otherwise")))]
async fn terminate_instance(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<InstanceView> {
    let instance = engine::instance::read(&app, &caller.tenant, &id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    let instance = stop(&app, &caller, instance, InstanceStatus::Terminated).await?;
    Ok(Answer::ok(InstanceView::new(instance, &[])))
}
