use std::sync::Arc;

use asl::Timestamp;
use serde_json::{Value, json};

use super::body::Body;
use crate::Status;
use crate::db::executions::ExecutionRow;
use crate::error::Result;
use crate::json::Json;
use crate::live::seconds;
use crate::service::Service;

pub(super) async fn describe(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("executionArn")?;
    let execution = service.execution(arn).await?;
    let mut answer = summary(service, &execution);
    let whole = body.word("includedData", &["ALL_DATA", "METADATA_ONLY"])? != Some("METADATA_ONLY");
    if whole {
        let included = json!({ "included": true });
        answer.put("input", execution.input.as_str());
        answer.put("inputDetails", included.clone());
        answer.put_some("outputDetails", execution.output.as_ref().map(|_| included));
        answer.put_some("output", execution.output.as_deref());
        answer.put_some("error", execution.error.as_deref());
        answer.put_some("cause", execution.cause.as_deref());
    }
    answer.put_some("traceHeader", execution.trace.as_deref());
    match not_redrivable(&execution, service.clock.now()) {
        None => answer.put("redriveStatus", "REDRIVABLE"),
        Some(reason) => {
            answer.put("redriveStatus", "NOT_REDRIVABLE");
            answer.put("redriveStatusReason", reason);
        }
    }
    Ok(answer)
}

/// What lists show as well.
pub(super) fn summary(service: &Service, execution: &ExecutionRow) -> Value {
    let machine = service.partition.machine(&execution.machine);
    let mut summary = json!({
        "executionArn": service.partition.execution(&execution.machine, &execution.name),
        "stateMachineArn": machine,
        "name": execution.name,
        "status": execution.status.as_str(),
        "startDate": seconds(execution.started),
        "redriveCount": execution.redrives,
    });
    summary.put_some("stopDate", execution.stopped.map(seconds));
    summary.put_some("redriveDate", execution.redriven.map(seconds));
    let qualified = |qualifier: String| format!("{machine}:{qualifier}");
    summary.put_some(
        "stateMachineVersionArn",
        execution.version.map(|version| qualified(version.to_string())),
    );
    summary.put_some("stateMachineAliasArn", execution.alias.clone().map(qualified));
    summary
}

/// For so long after its end an execution can be redriven.
const REDRIVABLE_DAYS: i64 = 14;

/// Why an execution cannot be redriven.
pub(crate) fn not_redrivable(execution: &ExecutionRow, now: Timestamp) -> Option<String> {
    let status = execution.status.as_str();
    match execution.status {
        Status::Running | Status::Succeeded => {
            return Some(format!("Execution is {status} and cannot be redriven"));
        }
        Status::Failed | Status::TimedOut | Status::Aborted => {}
    }
    let age = now
        .milliseconds()
        .saturating_sub(execution.stopped.unwrap_or_default());
    (age > REDRIVABLE_DAYS * 24 * 3600 * 1000)
        .then(|| format!("Execution is {status} and the redrivable period of {REDRIVABLE_DAYS} days is over"))
}
