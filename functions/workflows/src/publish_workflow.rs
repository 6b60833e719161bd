//! `POST /workflows/{key}/publish`

use std::collections::BTreeMap;

use axum::extract::State;
use compiler::Compiled;
use domain::diagnostic::Severity;
use domain::id::Key;
use domain::permission::Permission;
use domain::workflow::{Workflow, WorkflowVersion};
use domain::{Detail, Error, Result};
use runtime::extract::{IfMatch, Path};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, state_machines, table};
use serde::Serialize;
use serde_json::Value;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::catalog::compile;

/// What was published.
#[derive(Debug, Serialize, ToSchema)]
pub struct Published {
    /// Counts from 1.
    version: u32,
    /// ARN of the state machine, which exists.
    state_machine: String,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![
        table(Table::Workflows, "GetItem PutItem Query"),
        table(Table::Forms, "GetItem"),
        table(Table::Identity, "Query"),
        state_machines("CreateStateMachine"),
    ];
    Endpoint::new(
        Access::Permission(Permission::WorkflowWrite),
        grants,
        routes!(publish_workflow),
    )
}

/// Publish a workflow's draft as its next version
///
/// Compiles it to a state machine and creates that. A draft with errors is refused with all of them. Running instances
/// stay on their versions.
#[utoipa::path(post, path = "/api/v1/workflows/{key}/publish",
    params(("key" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses((status = 200, description = "Published", body = Published),
        (status = 400, description = "The definition has errors; the details tell every one"),
        (status = 412, description = "The workflow has changed since it was read")))]
async fn publish_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<Key>,
    if_match: IfMatch,
) -> ApiResult<Published> {
    let draft = app
        .store
        .workflow_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("workflow"))?;
    if_match.check(draft.revision)?;
    let compilation = compile(&app, &caller.tenant, &draft.definition).await?;
    let compiled = compilation.outcome.map_err(|found| {
        let errors = found
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error);
        Error::Validation(errors.map(Detail::from).collect())
    })?;
    let form = compilation.form.ok_or(Error::NotFound("form version"))?;
    let version = WorkflowVersion {
        version: draft.published.unwrap_or(0) + 1,
        definition: draft.definition.clone(),
        form: form.key,
        form_version: form.version,
        state_machine: engine::machine::create(&app, &key, compiled.machine(&app.config.prefix)).await?,
        reads: compiled.reads().clone(),
        user_tasks: user_tasks(&compiled)?,
        published_at: clock::now(),
        published_by: caller.user.clone(),
        key: key.clone(),
    };
    let draft = Workflow {
        published: Some(version.version),
        revision: draft.revision + 1,
        ..draft
    };
    app.store
        .workflow_publish(&caller.tenant, &draft, &version)
        .await?;
    app.definitions.forget_workflow(&caller.tenant, &key);
    let published = Published {
        version: version.version,
        state_machine: version.state_machine,
    };
    Ok(Answer::ok(published).revision(draft.revision))
}

fn user_tasks(compiled: &Compiled) -> Result<BTreeMap<String, Value>> {
    let tasks = compiled.user_tasks().map(|task| {
        let value = serde_json::to_value(task).map_err(|e| Error::internal("write a user task", e))?;
        Ok((task.id.clone(), value))
    });
    tasks.collect()
}
