//! `GET /workflows`

use axum::extract::State;
use domain::page::Page;
use domain::permission::Permission;
use domain::workflow::Workflow;
use runtime::extract::{ListParams, Query};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::WorkflowRead);
    Endpoint::new(
        access,
        vec![table(Table::Workflows, "Query")],
        routes!(list_workflows),
    )
}

/// List the workflows, by key
#[utoipa::path(get, path = "/api/v1/workflows", params(ListParams),
    responses((status = 200, description = "A page of workflows", body = Page<Workflow>)))]
async fn list_workflows(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<ListParams>,
) -> ApiResult<Page<Workflow>> {
    Ok(Answer::ok(
        app.store.workflow_list(&caller.tenant, &list.page()?).await?,
    ))
}
