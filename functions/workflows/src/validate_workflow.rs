//! `POST /workflows/{key}/validate`

use axum::extract::State;
use domain::Error;
use domain::diagnostic::Severity;
use domain::id::Key;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Serialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::catalog::compile;
use crate::draft::{DiagnosticView, views};

/// What was found in a draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct Validation {
    /// Whether it can be published.
    valid: bool,
    diagnostics: Vec<DiagnosticView>,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Workflows, "GetItem Query"),
        table(Table::Forms, "GetItem"),
        table(Table::Identity, "Query"),
    ];
    Endpoint::new(
        Access::Permission(Permission::WorkflowRead),
        grants,
        routes!(validate_workflow),
    )
}

/// Check a workflow's draft, changing nothing
#[utoipa::path(post, path = "/api/v1/workflows/{key}/validate", params(("key" = String, Path)),
    responses((status = 200, description = "Everything that was found", body = Validation)))]
async fn validate_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<Key>,
) -> ApiResult<Validation> {
    let workflow = app
        .store
        .workflow_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("workflow"))?;
    let compilation = compile(&app, &caller.tenant, &workflow.definition).await?;
    let diagnostics = compilation.diagnostics();
    let valid = !diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    Ok(Answer::ok(Validation {
        valid,
        diagnostics: views(diagnostics),
    }))
}
