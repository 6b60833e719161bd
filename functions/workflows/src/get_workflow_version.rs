//! `GET /workflows/{key}/versions/{version}`

use axum::extract::State;
use domain::Error;
use domain::id::Key;
use domain::permission::Permission;
use domain::workflow::WorkflowVersion;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::WorkflowRead);
    Endpoint::new(
        access,
        vec![table(Table::Workflows, "GetItem")],
        routes!(get_workflow_version),
    )
}

/// Get a published version of a workflow
#[utoipa::path(get, path = "/api/v1/workflows/{key}/versions/{version}",
    params(("key" = String, Path), ("version" = u32, Path)),
    responses((status = 200, description = "The version", body = WorkflowVersion)))]
async fn get_workflow_version(
    State(app): State<App>,
    caller: Caller,
    Path((key, version)): Path<(Key, u32)>,
) -> ApiResult<WorkflowVersion> {
    let found = app
        .store
        .workflow_version_get(&caller.tenant, &key, version)
        .await?;
    // A version never changes.
    let answer = Answer::ok(found.ok_or(Error::NotFound("workflow version"))?);
    Ok(answer.cached("private, max-age=31536000, immutable"))
}
