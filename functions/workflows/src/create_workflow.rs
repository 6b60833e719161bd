//! `POST /workflows`

use axum::extract::State;
use domain::permission::Permission;
use domain::workflow::Workflow;
use runtime::extract::Creation;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use serde_json::Value;
use store::Table;
use utoipa_axum::routes;

use crate::catalog::{compile, key_of};
use crate::draft::{Draft, views};

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Workflows, "PutItem Query"),
        table(Table::Forms, "GetItem"),
        table(Table::Identity, "Query"),
    ];
    Endpoint::new(
        Access::Permission(Permission::WorkflowWrite),
        grants,
        routes!(create_workflow),
    )
}

/// Create a workflow, as a draft
///
/// Takes any JSON object with a `key`, also an unfinished definition; the diagnostics say what is left to do.
#[utoipa::path(post, path = "/api/v1/workflows",
    request_body(content = Object, description = "A workflow definition, see docs/workflow-language.md"),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 201, description = "Created", body = Draft),
        (status = 409, description = "There is a workflow with this key")))]
async fn create_workflow(State(app): State<App>, caller: Caller, new: Creation<Value>) -> ApiResult<Draft> {
    let workflow = Workflow {
        key: key_of(&new.body)?,
        definition: new.body,
        published: None,
        updated_at: clock::now(),
        updated_by: caller.user.clone(),
        revision: 1,
    };
    let workflow = app
        .store
        .workflow_create(&caller.tenant, workflow, new.idempotency.as_ref())
        .await?;
    let compilation = compile(&app, &caller.tenant, &workflow.definition).await?;
    let (location, revision) = (format!("/api/v1/workflows/{}", workflow.key), workflow.revision);
    let draft = Draft {
        diagnostics: views(compilation.diagnostics()),
        workflow,
    };
    Ok(Answer::created(draft, location).revision(revision))
}
