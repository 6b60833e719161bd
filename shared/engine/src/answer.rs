//! Telling an execution what was decided.

use std::collections::BTreeMap;

use aws_sdk_sfn::error::ProvideErrorMetadata;
use domain::id::TenantId;
use domain::task::Task;
use domain::{Error, Result};
use runtime::App;
use serde_json::{Value, json};

/// Tells the execution that waits for a decided task, having written what the voters wrote. Harmless to repeat: an
/// execution that was told, or has ended, does not listen any more.
pub async fn answer(app: &App, tenant: &TenantId, task: &Task) -> Result<()> {
    let Some(decision) = &task.decided else {
        return Ok(());
    };
    let written = task.written();
    let data = match written.is_empty() {
        true => BTreeMap::new(),
        false => write_data(app, tenant, task, written).await?,
    };
    let output = json!({ "outcome": decision.outcome, "data": data });
    let sent = app
        .sfn
        .send_task_success()
        .task_token(&task.token)
        .output(output.to_string())
        .send()
        .await;
    match sent {
        Ok(_) => Ok(()),
        Err(e)
            if matches!(
                e.code(),
                Some("TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken")
            ) =>
        {
            tracing::debug!(task = %task.id, code = e.code(), "the execution does not wait for this answer");
            Ok(())
        }
        Err(e) => Err(store::aws_error("answer a task", e)),
    }
}

/// Writes the fields into the instance; gives those that travel.
async fn write_data(
    app: &App,
    tenant: &TenantId,
    task: &Task,
    written: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>> {
    let version = app
        .definitions
        .workflow_version(tenant, &task.workflow, task.version)
        .await?;
    let reads = &version.ok_or(Error::NotFound("workflow version"))?.reads;
    app.store
        .instance_write_data(tenant, &task.id.instance, &written)
        .await?;
    Ok(written
        .into_iter()
        .filter(|(field, _)| reads.contains(field))
        .collect())
}
