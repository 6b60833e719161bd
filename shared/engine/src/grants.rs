//! What a function that works on places may do with AWS.

use runtime::{Grant, state_machines, table};
use store::Table;

/// Deciding a place, and telling its execution.
pub fn deciding() -> Vec<Grant> {
    vec![
        table(Table::Tasks, "GetItem UpdateItem"),
        table(Table::Instances, "UpdateItem"),
        table(Table::Workflows, "GetItem"),
        state_machines("SendTaskSuccess SendTaskFailure"),
    ]
}

/// Delivering messages and signals.
pub fn delivering() -> Vec<Grant> {
    let mut grants = deciding();
    grants.push(table(Table::Tasks, "Query PutItem DeleteItem"));
    grants
}

/// Opening a place that calls no workflow.
pub fn opening() -> Vec<Grant> {
    let mut grants = deciding();
    grants.push(table(Table::Tasks, "Query PutItem"));
    grants.push(table(Table::Instances, "BatchWriteItem"));
    grants
}

/// Opening and leaving any place: also starting and ending what it calls.
pub fn calling() -> Vec<Grant> {
    let mut grants = opening();
    grants.push(table(Table::Tasks, "DeleteItem"));
    grants.push(table(Table::Instances, "GetItem PutItem"));
    grants.push(state_machines("StartExecution StopExecution CreateStateMachine"));
    grants
}
