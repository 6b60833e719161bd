//! What workers say of tasks by their tokens.

use std::sync::Arc;

use asl::Event;
use serde_json::{Value, json};

use super::body::{self, Body};
use crate::error::{AwsError, Result};
use crate::service::Service;

pub(super) async fn success(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let token = body.required("taskToken")?;
    let output = body.required("output")?;
    let output = body::data(output).map_err(|why| AwsError::about("InvalidOutput", &why))?;
    service
        .answer_task(token, |token| Event::TaskSucceeded { token, output })
        .await?;
    Ok(json!({}))
}

pub(super) async fn failure(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let token = body.required("taskToken")?;
    let error = body.short("error", 256)?;
    let cause = body.short("cause", 32_768)?;
    service
        .answer_task(token, |token| Event::TaskFailed { token, error, cause })
        .await?;
    Ok(json!({}))
}

pub(super) async fn heartbeat(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let token = body.required("taskToken")?;
    service
        .answer_task(token, |token| Event::Heartbeat { token })
        .await?;
    Ok(json!({}))
}
