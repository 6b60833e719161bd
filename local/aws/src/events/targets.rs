//! Where a rule sends its events.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Events;
use super::rules::Rule;
use super::transform::{self, Transformer};
use crate::AwsError;
use crate::deliveries::Policy;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    id: String,
    pub(super) arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input_transformer: Option<Transformer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParameters>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetters>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_policy: Option<Retry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SqsParameters {
    message_group_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetters {
    arn: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retry {
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutTargets {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RemoveTargets {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListTargets {
    rule: String,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListByTarget {
    target_arn: String,
    event_bus_name: Option<String>,
}

/// Services that a target may be of.
const SERVICES: &[&str] = &["sqs", "lambda", "states", "events"];

impl Target {
    pub(super) fn group(&self) -> Option<String> {
        self.sqs_parameters.as_ref()?.message_group_id.clone()
    }

    pub(super) fn policy(&self) -> Policy {
        let mut policy = Policy::events();
        policy.dead = self.dead_letter_config.as_ref().and_then(|dead| dead.arn.clone());
        if let Some(retry) = &self.retry_policy {
            policy.attempts = retry
                .maximum_retry_attempts
                .map_or(policy.attempts, |retries| retries.saturating_add(1));
            policy.age = retry
                .maximum_event_age_in_seconds
                .map_or(policy.age, |seconds| seconds.saturating_mul(1000));
        }
        policy
    }

    fn check(&self) -> Result<(), AwsError> {
        let service = self.arn.split(':').nth(2).unwrap_or_default();
        if !SERVICES.contains(&service) {
            return Err(AwsError::validation(format!(
                "The target {} is not supported by this endpoint.",
                self.arn
            )));
        }
        let inputs = [
            self.input.is_some(),
            self.input_path.is_some(),
            self.input_transformer.is_some(),
        ];
        if inputs.iter().filter(|given| **given).count() > 1 {
            return Err(AwsError::validation(format!(
                "Only one of Input, InputPath, or InputTransformer must be provided for target {}.",
                self.id
            )));
        }
        if let Some(input) = &self.input {
            serde_json::from_str::<Value>(input)
                .map_err(|_| AwsError::validation(format!("Invalid JSON in Input of target {}.", self.id)))?;
        }
        match &self.input_transformer {
            Some(transformer) => transform::check(transformer),
            None => Ok(()),
        }
    }
}

impl Events {
    pub(super) async fn put_targets(&self, request: PutTargets) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        let mut rule = Rule::clone(&*self.rule(&bus, &request.rule)?);
        for target in request.targets {
            target.check()?;
            rule.targets.insert(target.id.clone(), target);
        }
        if rule.targets.len() > 5 {
            return Err(AwsError::sender(
                "LimitExceededException",
                "A rule has at most 5 targets.",
            ));
        }
        self.store(rule).await?;
        Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
    }

    pub(super) async fn remove_targets(&self, request: RemoveTargets) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        let mut rule = Rule::clone(&*self.rule(&bus, &request.rule)?);
        rule.targets.retain(|id, _| !request.ids.contains(id));
        self.store(rule).await?;
        Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
    }

    pub(super) async fn list_targets_by_rule(&self, request: ListTargets) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        let rule = self.rule(&bus, &request.rule)?;
        Ok(json!({ "Targets": rule.targets.values().collect::<Vec<_>>() }))
    }

    pub(super) async fn list_rule_names_by_target(&self, request: ListByTarget) -> Result<Value, AwsError> {
        let bus = self.bus(request.event_bus_name.as_deref())?;
        let known = self.known();
        let rules = known.rules.values().filter(|rule| {
            rule.bus == bus
                && rule
                    .targets
                    .values()
                    .any(|target| target.arn == request.target_arn)
        });
        Ok(json!({ "RuleNames": rules.map(|rule| rule.name()).collect::<Vec<_>>() }))
    }
}
