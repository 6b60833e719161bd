use std::pin::Pin;

use serde_json::Value;

use crate::Status;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The process around the service: whoever carries out what state machines ask for.
pub trait Host: Send + Sync + 'static {
    /// Calls an integration and gives its result in the shape that it has on AWS: of `lambda:invoke`
    /// `{"ExecutedVersion": "$LATEST", "Payload": …, "StatusCode": 200}`.
    ///
    /// The same call comes again when the process ended before its outcome was on the disk.
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, Result<Value, TaskError>>;

    /// Takes an EventBridge event, "Step Functions Execution Status Change". It comes again until this answers `Ok`,
    /// also after a restart.
    fn status_changed(&self, event: Value) -> BoxFuture<'_, Result<(), String>>;

    /// Whether anybody wants to know of executions that get this status. Of others no event is made.
    fn listens_to(&self, _status: Status) -> bool {
        true
    }
}

/// Work of a Task state.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceCall {
    /// Such as `lambda`, `sqs`, `aws-sdk:dynamodb`.
    pub service: String,
    /// Such as `invoke`, without `.waitForTaskToken`. With `.sync` the answer is expected when what was begun has ended.
    pub action: String,
    pub arguments: Value,
    /// The same for the same work, however often it is asked for.
    pub key: String,
    /// The ARN of the execution that asks, and the name of its state.
    pub execution: String,
    pub state: String,
}

/// Why a task failed: what `Retry` and `Catch` see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    pub error: String,
    pub cause: String,
}

impl TaskError {
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            cause: cause.into(),
        }
    }
}
