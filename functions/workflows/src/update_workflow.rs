//! `PUT /workflows/{key}`

use axum::extract::State;
use domain::id::Key;
use domain::permission::Permission;
use domain::workflow::Workflow;
use domain::{Error, Text};
use runtime::extract::{IfMatch, Json, Path};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use serde_json::Value;
use store::Table;
use utoipa_axum::routes;

use crate::catalog::{compile, key_of};
use crate::draft::{Draft, views};

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Workflows, "GetItem PutItem Query"),
        table(Table::Forms, "GetItem"),
        table(Table::Identity, "Query"),
    ];
    Endpoint::new(
        Access::Permission(Permission::WorkflowWrite),
        grants,
        routes!(update_workflow),
    )
}

/// Change a workflow's draft
///
/// Published versions, and the instances that run on them, stay as they are.
#[utoipa::path(put, path = "/api/v1/workflows/{key}",
    request_body(content = Object, description = "A workflow definition, see docs/workflow-language.md"),
    params(("key" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses((status = 200, description = "Changed", body = Draft),
        (status = 412, description = "The workflow has changed since it was read")))]
async fn update_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<Key>,
    if_match: IfMatch,
    Json(definition): Json<Value>,
) -> ApiResult<Draft> {
    if key_of(&definition)? != key {
        let message = Text::new("The key cannot be changed.", "标识不能修改。");
        return Err(Error::invalid("/key", "const", message).into());
    }
    let workflow = app
        .store
        .workflow_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("workflow"))?;
    if_match.check(workflow.revision)?;
    let compilation = compile(&app, &caller.tenant, &definition).await?;
    let revision = workflow.revision + 1;
    let workflow = Workflow {
        definition,
        updated_at: clock::now(),
        updated_by: caller.user,
        revision,
        ..workflow
    };
    app.store.workflow_replace(&caller.tenant, &workflow).await?;
    let draft = Draft {
        diagnostics: views(compilation.diagnostics()),
        workflow,
    };
    Ok(Answer::ok(draft).revision(revision))
}
