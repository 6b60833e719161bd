use std::sync::Arc;

use serde_json::{Value, json};

use super::body::{Body, missing, page_token};
use super::describe_execution::summary;
use crate::Status;
use crate::db::executions;
use crate::error::{AwsError, Result};
use crate::json::Json;
use crate::service::Service;

/// The executions of a machine, the newest first.
pub(super) async fn list(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let limit = body.limit()?;
    let statuses = Status::ALL.map(Status::as_str);
    let known: Vec<&str> = statuses.into_iter().chain(["PENDING_REDRIVE"]).collect();
    let status = body.word("statusFilter", &known)?;
    let redriven = body.word("redriveFilter", &["REDRIVEN", "NOT_REDRIVEN"])?;
    if body.text("mapRunArn")?.is_some() {
        return Err(AwsError::validation(
            "Executions of a Map Run are not kept; 'mapRunArn' is not supported",
        )
        .into());
    }
    let arn = body
        .text("stateMachineArn")?
        .ok_or_else(|| missing("stateMachineArn"))?;
    let resolved = service.resolve(arn).await?;
    if resolved.machine.express {
        return Err(AwsError::new(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        )
        .into());
    }
    // Nothing is ever pending.
    if status == Some("PENDING_REDRIVE") {
        return Ok(json!({ "executions": [] }));
    }
    let list = format!("executions {arn} {status:?} {redriven:?}");
    let below = match body.page(&list)? {
        Some(place) => place
            .parse()
            .map_err(|_| AwsError::about("InvalidToken", "Invalid token"))?,
        None => i64::MAX,
    };
    let filter = executions::Filter {
        machine: resolved.machine.id,
        status: status.and_then(Status::parse),
        redriven: redriven.map(|redriven| redriven == "REDRIVEN"),
        version: resolved.version.filter(|_| resolved.alias.is_none()),
        alias: resolved.alias,
    };
    let found = service
        .db
        .read(move |db| executions::listed(db, &filter, below, limit + 1))
        .await?;
    let page: Vec<Value> = found
        .iter()
        .take(limit)
        .map(|execution| summary(service, execution))
        .collect();
    let mut answer = json!({ "executions": page });
    if let (true, Some(last)) = (found.len() > limit, found.iter().take(limit).next_back()) {
        answer.put("nextToken", page_token(&list, last.id));
    }
    Ok(answer)
}
