//! To one target, by its ARN.

use serde_json::{Value, json};

use super::Delivery;
use crate::service::Service;
use crate::{AwsError, Home};

/// What a scheduler may call by its target's ARN: `arn:aws:scheduler:::aws-sdk:sqs:sendMessage`.
const UNIVERSAL: &str = "arn:aws:scheduler:::aws-sdk:";

impl Home {
    pub(super) async fn deliver(&self, delivery: &Delivery) -> Result<(), AwsError> {
        let target = delivery.target.as_str();
        let payload =
            || serde_json::from_str(&delivery.payload).unwrap_or(Value::String(delivery.payload.clone()));
        if let Some(call) = target.strip_prefix(UNIVERSAL) {
            let (service, action) = call.split_once(':').unwrap_or((call, ""));
            return self.call(service, action, payload()).await.map(drop);
        }
        match target.split(':').nth(2).unwrap_or_default() {
            "lambda" => match self.0.lambda.run(target, payload(), &delivery.id).await? {
                Ok(_) => Ok(()),
                Err(error) => Err(AwsError::internal(format!("{}: {}", error.name, error.message))),
            },
            "states" => {
                // The same name each time: it starts once.
                let start =
                    json!({ "stateMachineArn": target, "input": delivery.payload, "name": delivery.id });
                match self.call("sfn", "startExecution", start).await {
                    Err(error) if error.code == "ExecutionAlreadyExists" => Ok(()),
                    other => other.map(drop),
                }
            }
            "events" => {
                let bus = target.rsplit('/').next().unwrap_or_default();
                self.0.events.forward(bus, payload()).await
            }
            "sqs" => Err(AwsError::not_found(format!("There is no queue {target}."))),
            _ => Err(AwsError::not_found(format!(
                "The target {target} is not supported."
            ))),
        }
    }

    /// An action of a service, as the SDKs name both: `sqs`, `sendMessage`.
    ///
    /// # Errors
    ///
    /// What the service answers.
    pub async fn call(&self, service: &str, action: &str, body: Value) -> Result<Value, AwsError> {
        let mut operation = action.to_owned();
        if let Some(first) = operation.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        match service {
            "sqs" => self.0.sqs.handle(&operation, body).await,
            "eventbridge" | "events" => self.0.events.handle(&operation, body).await,
            "sfn" | "states" => match self.0.states.get() {
                Some(states) => states.handle(&operation, body).await,
                None => Err(AwsError::unknown_operation(&operation)),
            },
            "dynamodb" => {
                let answer = self.0.dynamodb.handle(&operation, body.to_string().into()).await;
                let (status, text) = answer.ok_or_else(|| AwsError::unknown_operation(&operation))?;
                let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                if status == 200 {
                    return Ok(answer);
                }
                let member = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
                let code = member("__type").rsplit('#').next().unwrap_or_default().to_owned();
                let message = [member("message"), member("Message")].concat();
                Err(AwsError::sender(code, message).with_status(status))
            }
            _ => Err(AwsError::unknown_operation(&format!("{service}:{action}"))),
        }
    }
}
