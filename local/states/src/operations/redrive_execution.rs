use std::sync::Arc;

use serde_json::{Value, json};

use super::body::Body;
use super::describe_execution::not_redrivable;
use crate::error::{AwsError, Result};
use crate::live::seconds;
use crate::service::Service;

/// Goes on with an execution that did not succeed, from where it failed.
pub(super) async fn redrive(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("executionArn")?;
    let execution = service.execution(arn).await?;
    let now = service.clock.now();
    if let Some(reason) = not_redrivable(&execution, now) {
        return Err(AwsError::new("ExecutionNotRedrivable", reason).into());
    }
    // As for a start, the machine must still be there.
    service
        .machine(&service.partition.machine(&execution.machine))
        .await?;
    let at = service.redrive(execution).await?;
    Ok(json!({ "redriveDate": seconds(at.milliseconds()) }))
}
