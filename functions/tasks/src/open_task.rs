//! A state machine comes to a human task: the place is opened, and the execution waits for its token.

use compiler::node::{Calendar, Due, Then, UserTask};
use domain::id::TaskId;
use domain::place::PlaceKind;
use domain::task::{Overdue, Task};
use domain::{Error, Result};
use engine::opening::Opening;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::Serialize;
use store::Table;

use crate::arrange::arrange;
use crate::assignees::{Assignees, resolve};

pub fn handler() -> Handler {
    let mut grants = engine::grants::opening();
    grants.push(table(Table::Identity, "GetItem Query"));
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
    let place = engine::place::row(app, &opening, PlaceKind::User, now).await?;
    match engine::place::write(
        app,
        &opening,
        &task(place, spec, assignees, &app.config.time_zone)?,
    )
    .await?
    {
        Some(task) => arrange(app, tenant, task).await.map(Some),
        None => Ok(None),
    }
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

/// The place with its people.
fn task(place: Task, spec: UserTask, assignees: Assignees, zone: &TimeZone) -> Result<Task> {
    let due_at = spec.due.as_ref().map(|due| due_at(due, place.opened_at, zone));
    let overdue = spec.due.and_then(|due| due.then).map(|then| match then {
        Then::Escalate => Overdue::Escalate,
        Then::Outcome(outcome) => Overdue::Outcome(outcome),
    });
    Ok(Task {
        name: spec.name,
        voters: assignees.voters,
        candidates: assignees.candidates,
        policy: spec.vote,
        outcomes: spec.outcomes,
        skip: assignees.skip,
        due_at: due_at.transpose()?,
        overdue,
        ..place
    })
}

fn due_at(due: &Due, opened_at: Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    match due.calendar {
        Some(Calendar::Workdays) => engine::timer::after_workdays(opened_at, &due.within, zone),
        None => engine::timer::after_duration(opened_at, &due.within),
    }
}
