//! A state machine comes to a human task: the place is opened, and the execution waits for its token.

use std::collections::BTreeMap;

use compiler::node::UserTask;
use domain::id::{NodeId, TaskId};
use domain::task::{Decision, Task};
use domain::{Error, Result};
use engine::call::Opening;
use jiff::{Span, Timestamp, tz::TimeZone};
use runtime::{App, FunctionError, Handler, Trigger, clock, state_machines, table};
use serde::Serialize;
use store::Table;
use store::tasks::Voted;

use crate::assignees::{Assignees, resolve};
use crate::claim_task::move_to_inbox;

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
    let skip = assignees.skip;
    let Some(task) = app
        .store
        .task_open(tenant, &new_task(&opening, spec, assignees, now)?)
        .await?
    else {
        tracing::info!(instance = %header.instance, epoch = header.epoch, "a newer execution has opened this task");
        return Ok(None);
    };
    engine::steps::write(app, header, &opening.path, now).await?;
    let task = if skip && task.is_open() {
        pass(app, &opening, task, now).await?
    } else {
        task
    };
    if task.decided.is_some() {
        // Decided before this execution came to it, or not a question at all.
        engine::answer::answer(app, tenant, &task).await?;
    } else if task.is_open() {
        offer(app, &opening, &task).await?;
    }
    Ok(Some(task))
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

/// Decides with the first outcome, by nobody.
async fn pass(app: &App, opening: &Opening, task: Task, at: Timestamp) -> Result<Task> {
    let outcome = task.outcomes.first().cloned().unwrap_or_default();
    let decision = Decision {
        outcome,
        at,
        by: None,
    };
    match app
        .store
        .task_decide(&opening.header.tenant, &task, &decision)
        .await?
    {
        Voted::Counted(task) => Ok(*task),
        Voted::Refused(task) => task.map(|task| *task).ok_or(Error::NotFound("task")),
    }
}

async fn offer(app: &App, opening: &Opening, task: &Task) -> Result<()> {
    let tenant = &opening.header.tenant;
    if task.voters.is_empty() {
        for candidate in &task.candidates {
            app.store.offer_add(tenant, candidate, task).await?;
        }
    }
    move_to_inbox(app, tenant, task).await
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
