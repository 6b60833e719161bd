//! The template: what a deployment on AWS consists of. AWS SAM, that is CloudFormation with shorthands.

mod alarm;
mod api;
mod environment;
mod function;
mod policy;
mod queue;
mod rule;
mod state_machine;
mod table;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::function::Function;

const FORMAT_VERSION: &str = "2010-09-09";
const POLICY_VERSION: &str = "2012-10-17";
const HEADER: &str =
    "# Written by `cargo xtask codegen` from the declarations of the operations; see infra/src/template.\n";

pub(crate) fn text(functions: &[Function<'_>]) -> Result<String> {
    let text = yaml_serde::to_string(&template(functions))?;
    // In YAML 1.1, which tools around CloudFormation read, a bare date is not a text.
    let text = [FORMAT_VERSION, POLICY_VERSION].iter().fold(text, |text, date| {
        text.replace(&format!("Version: {date}\n"), &format!("Version: '{date}'\n"))
    });
    Ok(format!("{HEADER}{text}"))
}

fn template(functions: &[Function<'_>]) -> Value {
    let mut resources = Resources::default();
    api::add(&mut resources);
    table::add(&mut resources);
    queue::add(&mut resources, functions);
    rule::add(&mut resources);
    state_machine::add(&mut resources, functions);
    function::add(&mut resources, functions);
    alarm::add(&mut resources, functions);
    json!({
        "AWSTemplateFormatVersion": FORMAT_VERSION,
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": "PFlow: workflow orchestration and tickets",
        "Parameters": environment::parameters(),
        "Conditions": alarm::conditions(),
        "Globals": { "Function": environment::globals() },
        "Resources": resources.0,
        "Outputs": outputs(),
    })
}

/// What who deploys needs to know afterwards.
fn outputs() -> Value {
    json!({
        "ApiUrl": api::output(),
        "Prefix": { "Description": "Leads the names of everything", "Value": reference(environment::PREFIX) },
        "StateMachineRoleArn": {
            "Description": "What state machines run as, for pflow export-to-aws",
            "Value": arn(state_machine::ROLE),
        },
    })
}

/// By logical id, in the order in which they are read best.
#[derive(Debug, Default)]
struct Resources(Map<String, Value>);

impl Resources {
    fn add(&mut self, id: impl Into<String>, kind: &str, properties: Value) {
        self.insert(id, json!({ "Type": kind, "Properties": properties }));
    }

    /// One that is there only if this condition holds.
    fn add_if(&mut self, condition: &str, id: impl Into<String>, kind: &str, properties: Value) {
        let resource = json!({ "Type": kind, "Condition": condition, "Properties": properties });
        self.insert(id, resource);
    }

    /// One that stays when the deployment is removed.
    fn add_retained(&mut self, id: impl Into<String>, kind: &str, properties: Value) {
        let resource = json!({
            "Type": kind,
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        });
        self.insert(id, resource);
    }

    fn insert(&mut self, id: impl Into<String>, resource: Value) {
        self.0.insert(id.into(), resource);
    }
}

fn reference(id: &str) -> Value {
    json!({ "Ref": id })
}

fn arn(id: &str) -> Value {
    attribute(id, "Arn")
}

fn attribute(id: &str, name: &str) -> Value {
    json!({ "Fn::GetAtt": [id, name] })
}

fn sub(text: impl Into<String>) -> Value {
    json!({ "Fn::Sub": text.into() })
}

/// A name of ours in this deployment.
fn prefixed(name: &str) -> Value {
    sub(format!("${{{}}}{name}", environment::PREFIX))
}

/// An ARN in this account and region, by service and resource.
fn local_arn(service: &str, resource: &str) -> Value {
    sub(format!(
        "arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
    ))
}
