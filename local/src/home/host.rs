//! What state machines ask for: functions and the services of the home.

use aws::{AwsError, WeakHome};
use serde_json::{Value, json};
use states::{BoxFuture, Host, ServiceCall, TaskError};

pub(super) struct HomeHost(WeakHome);

impl HomeHost {
    pub(super) fn new(home: WeakHome) -> Self {
        Self(home)
    }
}

impl Host for HomeHost {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, Result<Value, TaskError>> {
        Box::pin(async move {
            let home = self.0.upgrade();
            let home = home.ok_or_else(|| TaskError::new("States.TaskFailed", "the home is closed"))?;
            match (call.service.as_str(), call.action.as_str()) {
                ("lambda", "invoke") => invoke(&home, call.arguments, &call.key).await,
                ("events", "putEvents") => put_events(&home, call.arguments).await,
                (service, action) => {
                    let service = service.strip_prefix("aws-sdk:").unwrap_or(service);
                    let arguments = with_texts(service, call.arguments);
                    let answer = home.call(service, action, arguments).await;
                    answer.map_err(|error| failure(&call.service, error))
                }
            }
        })
    }

    fn status_changed(&self, event: Value) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let home = self.0.upgrade().ok_or("the home is closed")?;
            home.publish(event).await.map_err(|error| error.to_string())
        })
    }
}

async fn invoke(home: &aws::Home, mut arguments: Value, key: &str) -> Result<Value, TaskError> {
    let function = arguments
        .get("FunctionName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let payload = arguments
        .get_mut("Payload")
        .map_or_else(|| json!({}), Value::take);
    match home.invoke(&function, payload, key).await {
        Ok(Ok(answer)) => Ok(json!({ "ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200 })),
        Ok(Err(error)) => {
            let cause = json!({ "errorType": error.name, "errorMessage": error.message });
            Err(TaskError::new(error.name, cause.to_string()))
        }
        Err(error) => Err(failure("lambda", error)),
    }
}

/// The detail of an event may be an object here.
async fn put_events(home: &aws::Home, mut arguments: Value) -> Result<Value, TaskError> {
    let entries = arguments.get_mut("Entries").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        if let Some(detail) = entry.get_mut("Detail").filter(|detail| !detail.is_string()) {
            *detail = Value::String(detail.to_string());
        }
    }
    let answer = home.call("events", "PutEvents", arguments).await;
    let answer = answer.map_err(|error| failure("events", error))?;
    match answer.get("FailedEntryCount").and_then(Value::as_u64) {
        Some(0) | None => Ok(answer),
        Some(_) => Err(TaskError::new("EventBridge.FailedEntry", answer.to_string())),
    }
}

/// A message's body and an execution's input may be objects here.
fn with_texts(service: &str, mut arguments: Value) -> Value {
    let member = match service {
        "sqs" => "MessageBody",
        "sfn" | "states" => "Input",
        _ => return arguments,
    };
    if let Some(value) = arguments.get_mut(member).filter(|value| !value.is_string()) {
        *value = Value::String(value.to_string());
    }
    arguments
}

/// `SQS.QueueDoesNotExist`, and of an integration by SDK `Sqs.QueueDoesNotExistException`.
fn failure(service: &str, error: AwsError) -> TaskError {
    let name = match service {
        "lambda" => "Lambda",
        "dynamodb" => "DynamoDB",
        "sqs" => "SQS",
        "events" => "EventBridge",
        "aws-sdk:dynamodb" => "DynamoDb",
        "aws-sdk:sqs" => "Sqs",
        "aws-sdk:sfn" => "Sfn",
        "aws-sdk:eventbridge" => "EventBridge",
        other => other.strip_prefix("aws-sdk:").unwrap_or(other),
    };
    let suffix = if service.starts_with("aws-sdk:") && !error.code.ends_with("Exception") {
        "Exception"
    } else {
        ""
    };
    TaskError::new(format!("{name}.{}{suffix}", error.code), error.message)
}
