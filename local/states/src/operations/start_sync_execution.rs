use std::sync::Arc;

use asl::Outcome;
use serde_json::{Value, json};

use super::body::Body;
use super::start_execution;
use crate::Status;
use crate::error::{AwsError, Result};
use crate::json::Json;
use crate::live::seconds;
use crate::service::Service;

/// Runs an express execution, and answers when it has ended.
pub(super) async fn start(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let start = start_execution::read(body)?;
    let whole = body.word("includedData", &["ALL_DATA", "METADATA_ONLY"])? != Some("METADATA_ONLY");
    let new = service.beginning(start).await?;
    if !new.machine.express {
        return Err(AwsError::new(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        )
        .into());
    }
    let definition = service.catalog.definition(&service.db, new.definition).await?;
    let started = service.clock.now();
    let arn = service
        .partition
        .express(&new.machine.name, &new.name, &service.new_uuid()?);
    let context = service.context(&new, &arn, started)?;
    let outcome = service.run_in_memory(definition, context, new.value).await;
    let stopped = service.clock.now().milliseconds();
    let duration = stopped.saturating_sub(started.milliseconds());
    let mut answer = json!({
        "executionArn": arn,
        "stateMachineArn": service.partition.machine(&new.machine.name),
        "name": new.name,
        "startDate": seconds(started.milliseconds()),
        "stopDate": seconds(stopped),
        "status": Status::of(&outcome).as_str(),
        // In steps of 100 milliseconds, at 64 MB, as AWS bills.
        "billingDetails": {
            "billedMemoryUsedInMB": 64,
            "billedDurationInMilliseconds": duration.saturating_add(99) / 100 * 100,
        },
    });
    answer.put_some("traceHeader", new.trace);
    let included = json!({ "included": true });
    if whole {
        answer.put("input", new.input);
        answer.put("inputDetails", included.clone());
    }
    match outcome {
        Outcome::Succeeded { output } if whole => {
            answer.put("output", output.to_string());
            answer.put("outputDetails", included);
        }
        Outcome::Failed { error, cause } | Outcome::Aborted { error, cause } => {
            answer.put_some("error", error);
            answer.put_some("cause", cause);
        }
        Outcome::Succeeded { .. } | Outcome::TimedOut => {}
    }
    Ok(answer)
}
