//! The role of the generated state machines. They themselves are created when a workflow is published.

use runtime::Trigger;
use serde_json::{Value, json};

use super::{POLICY_VERSION, Resources, local_arn, reference};
use crate::function::Function;

pub(super) const ROLE: &str = "StateMachineRole";

pub(super) fn add(resources: &mut Resources, functions: &[Function<'_>]) {
    // By name: by reference, the role and the functions, which are told the role, would need each other.
    let callable: Vec<Value> = functions
        .iter()
        .filter(|function| function.trigger() == Some(Trigger::StateMachine))
        .map(|function| local_arn("lambda", &format!("function:${{Prefix}}{}", function.id())))
        .collect();
    let properties = json!({
        "Description": "State machines: may call the functions that are made for them",
        "AssumeRolePolicyDocument": {
            "Version": POLICY_VERSION,
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "states.amazonaws.com" },
                "Action": "sts:AssumeRole",
                "Condition": { "StringEquals": { "aws:SourceAccount": reference("AWS::AccountId") } },
            }],
        },
        "Policies": [{
            "PolicyName": "functions",
            "PolicyDocument": {
                "Version": POLICY_VERSION,
                "Statement": [{ "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": callable }],
            },
        }],
    });
    resources.add(ROLE, "AWS::IAM::Role", properties);
}
