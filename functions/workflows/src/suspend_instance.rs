//! `POST /instances/{id}/suspend`

use axum::extract::State;
use domain::Error;
use domain::event::Event;
use domain::id::InstanceId;
use domain::instance::InstanceStatus;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock};
use utoipa_axum::routes;

use crate::cancel_instance::{grants, not_possible};
use crate::get_instance::InstanceView;

pub fn endpoint() -> Endpoint {
    Endpoint::new(
        Access::Permission(Permission::InstanceManage),
        grants(),
        routes!(suspend_instance),
    )
}

/// Suspend a running instance (挂起)
///
/// Its execution is stopped and nobody can act on its tasks until it is resumed. Suspending what is suspended changes
/// nothing.
#[utoipa::path(post, path = "/api/v1/instances/{id}/suspend", params(("id" = String, Path)),
    responses((status = 200, description = "Suspended", body = InstanceView),
        (status = 409, description = "It is not running")))]
async fn suspend_instance(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<InstanceView> {
    let tenant = &caller.tenant;
    let instance = engine::instance::read(&app, tenant, &id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    app.store.instance_create(tenant, &instance).await?;
    let now = clock::now();
    let event = Event::new("instance.suspended", now).by(&caller.user);
    let suspended = match app.store.instance_suspend(tenant, &instance, event).await? {
        Some(suspended) => suspended,
        None => not_possible(&app, tenant, &id, InstanceStatus::Suspended).await?,
    };
    engine::end::rest(&app, tenant, &suspended, now).await?;
    let tasks = app.store.tasks_of(tenant, &id).await?;
    Ok(Answer::ok(InstanceView::new(suspended, &tasks)))
}
