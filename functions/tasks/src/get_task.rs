//! `GET /tasks/{id}`

use axum::extract::State;
use domain::id::TaskId;
use domain::permission::Permission;
use domain::place::PlaceKind;
use domain::task::{Candidate, Task};
use domain::{Error, Result, Text};
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

use crate::task_view::TaskView;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TaskRead);
    Endpoint::new(access, vec![table(Table::Tasks, "GetItem")], routes!(get_task))
}

/// Get a task
///
/// For those who may vote on it or claim it, and for those who may see every instance.
#[utoipa::path(get, path = "/api/v1/tasks/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "The task", body = TaskView)))]
async fn get_task(State(app): State<App>, caller: Caller, Path(id): Path<TaskId>) -> ApiResult<TaskView> {
    let task = app
        .store
        .task_get(&caller.tenant, &id)
        .await?
        .filter(|task| task.kind == PlaceKind::User)
        .ok_or(Error::NotFound("task"))?;
    if !task.voters.contains(&caller.user)
        && !is_candidate(&task, &caller)
        && !caller.may(Permission::InstanceReadAll)
    {
        return Err(not_yours().into());
    }
    let revision = task.revision;
    Ok(Answer::ok(task.into()).revision(revision))
}

pub(crate) fn is_candidate(task: &Task, caller: &Caller) -> bool {
    task.candidates.iter().any(|candidate| match candidate {
        Candidate::User(user) => *user == caller.user,
        Candidate::Role(role) => caller.roles.contains(role),
    })
}

pub(crate) fn not_yours() -> Error {
    Error::Forbidden(Text::new("This is not your task.", "这不是您的任务。"))
}

/// Refuses a task that nobody can act on any more.
pub(crate) fn check_open(task: &Task) -> Result<()> {
    if task.is_open() && task.frozen_at.is_some() {
        return Err(Error::conflict(Text::new(
            "The instance is suspended.",
            "流程实例已挂起。",
        )));
    }
    if task.is_open() {
        return Ok(());
    }
    Err(Error::conflict(match &task.decided {
        Some(_) => Text::new("The task is already done.", "任务已完成。"),
        None => Text::new("The task was closed without a decision.", "任务未经决定已关闭。"),
    }))
}
