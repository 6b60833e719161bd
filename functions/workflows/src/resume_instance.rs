//! `POST /instances/{id}/resume`

use axum::extract::State;
use domain::Error;
use domain::event::Event;
use domain::id::InstanceId;
use domain::instance::InstanceStatus;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, state_machines};
use utoipa_axum::routes;

use crate::cancel_instance::{grants, not_possible};
use crate::get_instance::InstanceView;

pub fn endpoint() -> Endpoint {
    let mut grants = grants();
    grants.push(state_machines("StartExecution CreateStateMachine"));
    Endpoint::new(
        Access::Permission(Permission::InstanceManage),
        grants,
        routes!(resume_instance),
    )
}

/// Resume a suspended instance (恢复)
///
/// A new execution begins where the instance rested: at the places that stood open, in every branch. Resuming what is
/// running changes nothing.
#[utoipa::path(post, path = "/api/v1/instances/{id}/resume", params(("id" = String, Path)),
    responses((status = 200, description = "Running", body = InstanceView),
        (status = 409, description = "It is not suspended")))]
async fn resume_instance(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> ApiResult<InstanceView> {
    let tenant = &caller.tenant;
    let instance = engine::instance::read(&app, tenant, &id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    let event = Event::new("instance.resumed", clock::now()).by(&caller.user);
    let resumed = match engine::resume::resume(&app, tenant, &instance, event).await? {
        Some(resumed) => resumed,
        None => {
            let running = not_possible(&app, tenant, &id, InstanceStatus::Running).await?;
            // Under the name of its epoch, so that starting it twice is starting it once.
            engine::resume::start(&app, tenant, &running).await?;
            running
        }
    };
    let tasks = app.store.tasks_of(tenant, &id).await?;
    Ok(Answer::ok(InstanceView::new(resumed, &tasks)))
}
