//! Invoking: at once, or later from the outbox.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::{FunctionError, Invocation, Lambda};
use crate::AwsError;
use crate::deliveries::{self, Policy};

/// Seconds that Lambda gives a function by default.
const TIMEOUT_SECONDS: u64 = 3;

impl Lambda {
    /// Runs a function, named by name or ARN, to its end.
    ///
    /// # Errors
    ///
    /// There is no such function; the function's own error is inside.
    pub(crate) async fn run(
        &self,
        name: &str,
        payload: Value,
        request_id: &str,
    ) -> Result<Result<Value, FunctionError>, AwsError> {
        let function = self.function(name)?;
        let Some(runner) = self.runner.get() else {
            return Err(AwsError::internal("Nothing here runs functions.").with_status(502));
        };
        let configuration = &function.configuration;
        let variables = configuration
            .pointer("/Environment/Variables")
            .and_then(Value::as_object);
        let environment: HashMap<String, String> = variables
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let timeout_seconds = configuration
            .get("Timeout")
            .and_then(Value::as_u64)
            .unwrap_or(TIMEOUT_SECONDS);
        let invocation = Invocation {
            function: function.name.clone(),
            environment,
            timeout_seconds,
            payload,
            request_id: request_id.to_owned(),
        };
        let ran = tokio::time::timeout(Duration::from_secs(timeout_seconds), runner.invoke(invocation)).await;
        Ok(ran.unwrap_or_else(|_| {
            Err(FunctionError {
                name: "Sandbox.Timedout".to_owned(),
                message: format!(
                    "RequestId: {request_id} Error: Task timed out after {timeout_seconds}.00 seconds"
                ),
            })
        }))
    }

    /// Runs it later; once this has answered, it will be run whatever happens.
    pub(super) async fn run_later(&self, name: &str, payload: Value) -> Result<(), AwsError> {
        let target = self.arn(&self.function(name)?.name);
        let prepared = deliveries::prepare(
            &self.sqs,
            &target,
            payload.to_string(),
            None,
            Policy::invocations(),
        );
        self.deliveries.submit(&self.sqs, prepared).await
    }
}
