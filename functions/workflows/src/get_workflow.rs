//! `GET /workflows/{key}`

use axum::extract::State;
use domain::Error;
use domain::id::Key;
use domain::permission::Permission;
use domain::workflow::Workflow;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::WorkflowRead);
    Endpoint::new(
        access,
        vec![table(Table::Workflows, "GetItem")],
        routes!(get_workflow),
    )
}

/// Get a workflow's draft, and which version is published
#[utoipa::path(get, path = "/api/v1/workflows/{key}", params(("key" = String, Path)),
    responses((status = 200, description = "The workflow", body = Workflow)))]
async fn get_workflow(State(app): State<App>, caller: Caller, Path(key): Path<Key>) -> ApiResult<Workflow> {
    let workflow = app
        .store
        .workflow_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("workflow"))?;
    let revision = workflow.revision;
    Ok(Answer::ok(workflow).revision(revision))
}
