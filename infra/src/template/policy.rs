//! From what an operation declares that it does, to the statements that let its function do that and no more.

use std::collections::BTreeSet;

use runtime::grant::{Grant, OUTGOING, Resource};
use serde_json::{Value, json};
use store::Table;
use store::table::INDEX;

use super::{POLICY_VERSION, arn, attribute, local_arn, queue, state_machine, sub, table};

/// Actions that IAM knows no resource for: they are allowed everywhere or nowhere. Whom a task token lets answer is in
/// the token.
const WITHOUT_RESOURCE: &[&str] = &[
    "ListStreams",
    "SendTaskSuccess",
    "SendTaskFailure",
    "SendTaskHeartbeat",
];

/// Actions on the same resources.
#[derive(Debug)]
struct Statement {
    resources: Value,
    actions: BTreeSet<String>,
    condition: Option<Value>,
}

/// The statements of a policy, one for each set of resources.
#[derive(Debug, Default)]
pub(super) struct Policy(Vec<Statement>);

impl Policy {
    pub(super) fn of(grants: &[Grant]) -> Self {
        let mut policy = Self::default();
        for grant in grants {
            for action in &grant.actions {
                policy.grant(grant.resource, action);
            }
        }
        policy
    }

    pub(super) fn allow(&mut self, action: impl Into<String>, resources: Value) {
        match self
            .0
            .iter_mut()
            .find(|statement| statement.resources == resources && statement.condition.is_none())
        {
            Some(statement) => {
                statement.actions.insert(action.into());
            }
            None => self.0.push(Statement {
                resources,
                actions: BTreeSet::from([action.into()]),
                condition: None,
            }),
        }
    }

    fn grant(&mut self, resource: Resource, action: &str) {
        let service = match resource {
            Resource::Table(_) => "dynamodb",
            Resource::Queue(_) | Resource::OutgoingQueues => "sqs",
            Resource::StateMachines => "states",
        };
        let resources = if WITHOUT_RESOURCE.contains(&action) {
            json!("*")
        } else {
            match resource {
                Resource::Table(table) => table_arns(table, action),
                Resource::Queue(queue) => arn(&queue::logical_id(queue)),
                Resource::OutgoingQueues => local_arn("sqs", &format!("${{Prefix}}{OUTGOING}*")),
                Resource::StateMachines => state_machine_arns(action),
            }
        };
        self.allow(format!("{service}:{action}"), resources);
        if action == "CreateStateMachine" {
            self.pass_role();
        }
    }

    /// Who creates a state machine hands it its role.
    fn pass_role(&mut self) {
        self.0.push(Statement {
            resources: arn(state_machine::ROLE),
            actions: BTreeSet::from(["iam:PassRole".to_owned()]),
            condition: Some(json!({ "StringEquals": { "iam:PassedToService": "states.amazonaws.com" } })),
        });
    }

    pub(super) fn document(self) -> Value {
        let statements = self.0.into_iter().map(|statement| {
            let mut document = json!({
                "Effect": "Allow",
                "Action": statement.actions,
                "Resource": statement.resources,
            });
            if let (Some(members), Some(condition)) = (document.as_object_mut(), statement.condition) {
                members.insert("Condition".to_owned(), condition);
            }
            document
        });
        json!({ "Version": POLICY_VERSION, "Statement": statements.collect::<Vec<_>>() })
    }
}

fn table_arns(of: Table, action: &str) -> Value {
    let id = table::logical_id(of);
    match action {
        "DescribeStream" | "GetRecords" | "GetShardIterator" => attribute(&id, "StreamArn"),
        // A grant does not tell whether the table is asked or its index.
        "Query" | "Scan" if of.has_index() => json!([arn(&id), sub(format!("${{{id}.Arn}}/index/{INDEX}"))]),
        _ => arn(&id),
    }
}

fn state_machine_arns(action: &str) -> Value {
    match action {
        "StopExecution" | "DescribeExecution" | "GetExecutionHistory" | "RedriveExecution" => {
            local_arn("states", "execution:${Prefix}*:*")
        }
        _ => local_arn("states", "stateMachine:${Prefix}*"),
    }
}
