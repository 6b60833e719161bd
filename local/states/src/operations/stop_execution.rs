use std::sync::Arc;

use asl::Event;
use serde_json::{Value, json};

use super::body::Body;
use crate::error::Result;
use crate::live::seconds;
use crate::run::Because;
use crate::service::Service;

/// Ends an execution. One that has ended stays as it is; the answer is when it did.
pub(super) async fn stop(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("executionArn")?;
    let error = body.short("error", 256)?;
    let cause = body.short("cause", 32_768)?;
    let execution = service.execution(arn).await?;
    if let Some(stopped) = execution.stopped {
        return Ok(json!({ "stopDate": seconds(stopped) }));
    }
    service
        .change(execution.id, Because::Else, |_| {
            Ok(vec![Event::Stop { error, cause }])
        })
        .await?;
    let stopped = service.execution(arn).await?.stopped;
    let stopped = stopped.unwrap_or_else(|| service.clock.now().milliseconds());
    Ok(json!({ "stopDate": seconds(stopped) }))
}
