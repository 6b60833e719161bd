//! Telling an execution what was decided.

use std::collections::BTreeMap;

use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use domain::id::{TaskId, TenantId};
use domain::place::Answer;
use domain::task::Task;
use domain::{Error, Result};
use runtime::App;
use serde_json::{Value, json};

/// Tells the execution that waits for a place that it is decided, having written what the voters wrote, or that it was
/// closed. Harmless to repeat: an execution that was told, or has ended, does not listen any more.
pub async fn answer(app: &App, tenant: &TenantId, place: &Task) -> Result<()> {
    let Some(decision) = &place.decided else {
        return match place.closed_at {
            // Its scope has been left, so on AWS nobody listens; other endpoints let the branch wait on for ever.
            Some(_) => succeed(app, place, json!({ "event": null, "closed": true })).await,
            None => Ok(()),
        };
    };
    match &decision.answer {
        Answer::Outcome { outcome } => {
            let data = write_data(app, tenant, place).await?;
            succeed(app, place, json!({ "outcome": outcome, "data": data })).await
        }
        Answer::Event { event, data, status } => {
            let mut output = json!({ "event": event, "data": data });
            if let (Some(status), Some(output)) = (status, output.as_object_mut()) {
                output.insert("status".to_owned(), json!(status));
            }
            succeed(app, place, output).await
        }
        Answer::Error { error, cause } => {
            let failure = app.sfn.send_task_failure().task_token(&place.token);
            heard(&place.id, failure.error(error).cause(cause).send().await)
        }
    }
}

/// Tells an execution that a listener was not opened, because it was over before.
pub(crate) async fn not_entered(app: &App, place: &TaskId, token: &str) -> Result<()> {
    let output = json!({ "event": null, "entered": false }).to_string();
    let success = app.sfn.send_task_success().task_token(token);
    heard(place, success.output(output).send().await)
}

async fn succeed(app: &App, place: &Task, output: Value) -> Result<()> {
    let success = app.sfn.send_task_success().task_token(&place.token);
    heard(&place.id, success.output(output.to_string()).send().await)
}

fn heard<O, E, R>(place: &TaskId, sent: std::result::Result<O, SdkError<E, R>>) -> Result<()>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match sent {
        Ok(_) => Ok(()),
        Err(e)
            if matches!(
                e.code(),
                Some("TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken")
            ) =>
        {
            tracing::debug!(place = %place, code = e.code(), "the execution does not wait for this answer");
            Ok(())
        }
        Err(e) => Err(store::aws_error("answer a place", e)),
    }
}

/// Writes what the voters wrote into the instance; gives the fields that travel.
async fn write_data(app: &App, tenant: &TenantId, task: &Task) -> Result<BTreeMap<String, Value>> {
    let written = task.written();
    if written.is_empty() {
        return Ok(written);
    }
    let version = app
        .definitions
        .workflow_version(tenant, &task.workflow, task.version)
        .await?;
    let reads = &version.ok_or(Error::NotFound("workflow version"))?.reads;
    app.store.instance_write_of(tenant, task, &written).await?;
    Ok(written
        .into_iter()
        .filter(|(field, _)| reads.contains(field))
        .collect())
}
