//! A state machine comes to a human task: the place is opened, and the execution waits for its token.

use std::collections::BTreeMap;

use compiler::node::UserTask;
use domain::id::{NodeId, TaskId};
use domain::task::Task;
use domain::{Error, Result};
use engine::call::Opening;
use jiff::{Span, Timestamp, tz::TimeZone};
use runtime::{App, FunctionError, Handler, Trigger, clock, state_machines, table};
use serde::Serialize;
use store::Table;

use crate::arrange::arrange;
use crate::assignees::{Assignees, resolve};

pub fn handler() -> Handler {
    let grants = vec![
        table(Table::Identity, "GetItem Query"),
        table(Table::Workflows, "GetItem"),
        table(Table::Instances, "UpdateItem BatchWriteItem"),
        table(Table::Tasks, "PutItem UpdateItem"),
        state_machines("SendTaskSuccess"),
    ];
    Handler::new("open_task", Trigger::StateMachine, grants, open_task)
}

/// The task that stands open now.
#[derive(Debug, Serialize)]
pub struct Opened {
    task: Option<TaskId>,
}

async fn open_task(app: App, opening: Opening) -> Result<Opened, FunctionError> {
    Ok(Opened {
        task: open(&app, opening).await?.map(|task| task.id),
    })
}

async fn open(app: &App, opening: Opening) -> Result<Option<Task>> {
    let now = clock::now();
    let header = &opening.header;
    let tenant = &header.tenant;
    let spec = spec(app, &opening).await?;
    let assignees = resolve(app, tenant, &spec, &header.starter).await?;
    // First: the row alone is followed by the stream, which makes up for all that comes after it.
    engine::steps::write(app, header, &opening.path, now).await?;
    let Some(task) = app
        .store
        .task_open(tenant, &new_task(&opening, spec, assignees, now)?)
        .await?
    else {
        tracing::info!(instance = %header.instance, epoch = header.epoch, "a newer execution has opened this task");
        return Ok(None);
    };
    arrange(app, tenant, task).await.map(Some)
}

async fn spec(app: &App, opening: &Opening) -> Result<UserTask> {
    let header = &opening.header;
    let version = app
        .definitions
        .workflow_version(&header.tenant, &header.workflow, header.version)
        .await?;
    let version = version.ok_or(Error::NotFound("workflow version"))?;
    let spec = version
        .user_tasks
        .get(&opening.node)
        .ok_or(Error::NotFound("user task"))?;
    serde_json::from_value(spec.clone()).map_err(|e| Error::internal("read a user task", e))
}

fn new_task(opening: &Opening, spec: UserTask, assignees: Assignees, now: Timestamp) -> Result<Task> {
    let header = &opening.header;
    let node = NodeId::parse(&opening.node).map_err(|e| Error::internal("read a node's id", e))?;
    let due = spec.due.map(|due| due_at(&due.within, now)).transpose()?;
    Ok(Task {
        id: TaskId {
            instance: header.instance.clone(),
            node,
            visit: opening.visit,
            iteration: opening.iteration.clone(),
        },
        name: spec.name,
        ticket: header.ticket.clone(),
        workflow: header.workflow.clone(),
        version: header.version,
        starter: header.starter.clone(),
        seq: opening.seq,
        voters: assignees.voters,
        candidates: assignees.candidates,
        policy: spec.vote,
        outcomes: spec.outcomes,
        votes: BTreeMap::new(),
        skip: assignees.skip,
        decided: None,
        answered_at: None,
        closed_at: None,
        frozen_at: None,
        epoch: header.epoch,
        token: opening.token.clone(),
        opened_at: now,
        due_at: due,
        revision: 1,
    })
}

/// Days, weeks and months of a duration are those of the calendar, in UTC.
fn due_at(within: &str, now: Timestamp) -> Result<Timestamp> {
    let span: Span = within
        .parse()
        .map_err(|e: jiff::Error| Error::internal("read a duration", e))?;
    let due = now
        .to_zoned(TimeZone::UTC)
        .checked_add(span)
        .map_err(|e| Error::internal("add a duration", e))?;
    Ok(due.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_calendar() {
        let now: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        for (within, expected) in [
            ("PT24H", "2026-02-01T10:00:00Z"),
            ("P1M", "2026-02-28T10:00:00Z"),
            ("P1DT1M", "2026-02-01T10:01:00Z"),
        ] {
            assert_eq!(due_at(within, now).unwrap().to_string(), expected, "{within}");
        }
    }
}
