//! The operations of the API: `answer` is the table of contents.

pub(crate) mod activities;
mod aliases;
mod body;
mod describe_execution;
mod execution_history;
mod list_executions;
mod redrive_execution;
pub(crate) mod start_execution;
mod start_sync_execution;
mod state_machine;
mod state_machines;
mod stop_execution;
mod tags;
mod task_answers;
mod test_state;
mod validate;
mod versions;

use std::sync::Arc;

use serde_json::Value;

use crate::error::{AwsError, Result};
use crate::service::Service;
use body::Body;

/// The names of all operations that are answered.
pub const OPERATIONS: &[&str] = &[
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachine",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeActivity",
    "DescribeExecution",
    "DescribeStateMachine",
    "DescribeStateMachineAlias",
    "DescribeStateMachineForExecution",
    "GetActivityTask",
    "GetExecutionHistory",
    "ListActivities",
    "ListExecutions",
    "ListStateMachineAliases",
    "ListStateMachineVersions",
    "ListStateMachines",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "RedriveExecution",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "SendTaskSuccess",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "TagResource",
    "TestState",
    "UntagResource",
    "UpdateStateMachine",
    "UpdateStateMachineAlias",
    "ValidateStateMachineDefinition",
];

pub(crate) async fn answer(service: &Arc<Service>, operation: &str, body: &Value) -> Result<Value> {
    let body = Body::new(body)?;
    match operation {
        "CreateActivity" => activities::create(service, body).await,
        "CreateStateMachine" => state_machine::create(service, body).await,
        "CreateStateMachineAlias" => aliases::create(service, body).await,
        "DeleteActivity" => activities::delete(service, body).await,
        "DeleteStateMachine" => state_machine::delete(service, body).await,
        "DeleteStateMachineAlias" => aliases::delete(service, body).await,
        "DeleteStateMachineVersion" => versions::delete(service, body).await,
        "DescribeActivity" => activities::describe(service, body).await,
        "DescribeExecution" => describe_execution::describe(service, body).await,
        "DescribeStateMachine" => state_machines::describe(service, body).await,
        "DescribeStateMachineAlias" => aliases::describe(service, body).await,
        "DescribeStateMachineForExecution" => state_machines::describe_for_execution(service, body).await,
        "GetActivityTask" => activities::get_task(service, body).await,
        "GetExecutionHistory" => execution_history::get(service, body).await,
        "ListActivities" => activities::list(service, body).await,
        "ListExecutions" => list_executions::list(service, body).await,
        "ListStateMachineAliases" => aliases::list(service, body).await,
        "ListStateMachineVersions" => versions::list(service, body).await,
        "ListStateMachines" => state_machines::list(service, body).await,
        "ListTagsForResource" => tags::list(service, body).await,
        "PublishStateMachineVersion" => versions::publish(service, body).await,
        "RedriveExecution" => redrive_execution::redrive(service, body).await,
        "SendTaskFailure" => task_answers::failure(service, body).await,
        "SendTaskHeartbeat" => task_answers::heartbeat(service, body).await,
        "SendTaskSuccess" => task_answers::success(service, body).await,
        "StartExecution" => start_execution::answer(service, body).await,
        "StartSyncExecution" => start_sync_execution::start(service, body).await,
        "StopExecution" => stop_execution::stop(service, body).await,
        "TagResource" => tags::tag(service, body).await,
        "TestState" => test_state::test(service, body).await,
        "UntagResource" => tags::untag(service, body).await,
        "UpdateStateMachine" => state_machine::update(service, body).await,
        "UpdateStateMachineAlias" => aliases::update(service, body).await,
        "ValidateStateMachineDefinition" => validate::validate(body),
        other => Err(AwsError::new(
            "UnknownOperationException",
            format!("The operation {other} is not supported"),
        )
        .into()),
    }
}
