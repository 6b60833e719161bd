//! The functions: each with a role of its own, and with what calls it.

use runtime::{Endpoint, Trigger};
use serde_json::{Value, json};
use store::Table;

use super::policy::Policy;
use super::{
    POLICY_VERSION, Resources, api, arn, attribute, environment, prefixed, queue, reference, sub, table,
};
use crate::function::{Function, Kind, logical};

/// Messages that a function gets at once.
const MESSAGES: u32 = 10;
/// Changes of a table that a function gets at once.
const CHANGES: u32 = 100;
/// How often a batch of changes is tried, halved each time, before where it stands is written down and it is left.
const STREAM_RETRIES: u32 = 20;

pub(crate) fn logical_id(function: &Function<'_>) -> String {
    format!("{}Function", logical(function.id()))
}

pub(super) fn add(resources: &mut Resources, functions: &[Function<'_>]) {
    let mut services: Vec<&str> = functions.iter().map(|function| function.service).collect();
    services.dedup();
    for service in services {
        let properties = json!({
            "LogGroupName": sub(format!("/pflow/${{Prefix}}{service}")),
            "RetentionInDays": reference(environment::LOG_RETENTION_DAYS),
        });
        resources.add(log_group(service), "AWS::Logs::LogGroup", properties);
    }
    for function in functions {
        let id = logical(function.id());
        resources.add(format!("{id}Role"), "AWS::IAM::Role", role(function));
        resources.add(
            logical_id(function),
            "AWS::Serverless::Function",
            properties(function),
        );
    }
}

/// One for each service, not for each function: a stack holds at most 500 resources.
fn log_group(service: &str) -> String {
    format!("{}LogGroup", logical(service))
}

fn properties(function: &Function<'_>) -> Value {
    let id = function.id();
    let mut properties = json!({
        "FunctionName": prefixed(id),
        "Description": function.title(),
        "CodeUri": format!("../target/lambda/{id}/"),
        "Timeout": function.timeout_seconds(),
        "Role": arn(&format!("{}Role", logical(id))),
        "LoggingConfig": { "LogGroup": reference(&log_group(function.service)) },
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = properties.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if environment::ISSUERS.contains(&id) {
        set("Environment", environment::issuer_variables());
    }
    let event = match function.kind {
        Kind::Endpoint(endpoint) => Some(route(endpoint)),
        Kind::Handler(handler) => source(handler.trigger, id),
    };
    if let Some((name, event)) = event {
        set("Events", json!({ name: event }));
    }
    properties
}

fn route(endpoint: &Endpoint) -> (&'static str, Value) {
    let properties = json!({
        "ApiId": reference(api::API),
        "Method": endpoint.method,
        "Path": endpoint.path,
    });
    ("Request", json!({ "Type": "HttpApi", "Properties": properties }))
}

fn source(trigger: Trigger, id: &str) -> Option<(&'static str, Value)> {
    match trigger {
        Trigger::Queue(queue) => Some(("Messages", messages(queue))),
        Trigger::Stream(table) => Some(("Changes", changes(table))),
        Trigger::Schedule { minutes, .. } => Some(("Schedule", schedule(minutes, id))),
        Trigger::StateMachine => None,
    }
}

fn messages(queue: runtime::grant::Queue) -> Value {
    json!({
        "Type": "SQS",
        "Properties": {
            "Queue": arn(&queue::logical_id(queue)),
            "BatchSize": MESSAGES,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    })
}

fn changes(of: Table) -> Value {
    json!({
        "Type": "DynamoDB",
        "Properties": {
            "Stream": attribute(&table::logical_id(of), "StreamArn"),
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": CHANGES,
            "BisectBatchOnFunctionError": true,
            "MaximumRetryAttempts": STREAM_RETRIES,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {
                "OnFailure": { "Type": "SQS", "Destination": arn(queue::CHANGES_DEAD) },
            },
        },
    })
}

fn schedule(minutes: u32, id: &str) -> Value {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    json!({
        "Type": "Schedule",
        "Properties": { "Name": prefixed(id), "Schedule": format!("rate({minutes} {unit})") },
    })
}

fn role(function: &Function<'_>) -> Value {
    let mut policy = Policy::of(function.grants());
    if let Some(Trigger::Stream(_)) = function.trigger() {
        policy.allow("sqs:SendMessage", arn(queue::CHANGES_DEAD));
    }
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        policy.allow(action, arn(&log_group(function.service)));
    }
    json!({
        "AssumeRolePolicyDocument": {
            "Version": POLICY_VERSION,
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "lambda.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        },
        "Policies": [{ "PolicyName": "function", "PolicyDocument": policy.document() }],
    })
}
