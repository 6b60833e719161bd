//! `POST /tasks/{id}/claim`

use axum::extract::State;
use domain::id::{TaskId, TenantId};
use domain::permission::Permission;
use domain::task::Task;
use domain::{Error, Result, Text};
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use store::Table;
use store::tasks::Voted;
use utoipa_axum::routes;

use crate::get_task::{check_open, is_candidate, not_yours};
use crate::task_view::TaskView;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TaskAct);
    Endpoint::new(
        access,
        vec![table(Table::Tasks, "GetItem PutItem UpdateItem")],
        routes!(claim_task),
    )
}

/// Claim a task that is offered (认领)
///
/// It moves to one's to-do list and is offered no more. Claiming what one already holds changes nothing.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/claim", params(("id" = String, Path)),
    responses((status = 200, description = "Claimed", body = TaskView),
        (status = 409, description = "It is done, or somebody else holds it")))]
async fn claim_task(State(app): State<App>, caller: Caller, Path(id): Path<TaskId>) -> ApiResult<TaskView> {
    let task = app
        .store
        .task_get(&caller.tenant, &id)
        .await?
        .ok_or(Error::NotFound("task"))?;
    let task = claim(&app, &caller, task).await?;
    move_to_inbox(&app, &caller.tenant, &task).await?;
    Ok(Answer::ok(task.into()))
}

async fn claim(app: &App, caller: &Caller, mut task: Task) -> Result<Task> {
    // Another's write in between is met by looking again; whoever loses sees that it is held.
    loop {
        let holds = task.voters.contains(&caller.user);
        if !holds && !is_candidate(&task, caller) {
            return Err(not_yours());
        }
        check_open(&task)?;
        if holds {
            return Ok(task);
        }
        if !task.voters.is_empty() {
            return Err(Error::conflict(Text::new(
                "Somebody else holds this task.",
                "任务已被他人认领。",
            )));
        }
        match app.store.task_claim(&caller.tenant, &task, &caller.user).await? {
            Voted::Counted(claimed) => return Ok(*claimed),
            Voted::Refused(Some(changed)) => task = *changed,
            Voted::Refused(None) => return Err(Error::NotFound("task")),
        }
    }
}

/// Shows an open task to its voters and offers it to nobody else. Repeated by the stream's consumer.
pub(crate) async fn move_to_inbox(app: &App, tenant: &TenantId, task: &Task) -> Result<()> {
    for voter in task.voters.iter().filter(|voter| !task.votes.contains_key(voter)) {
        app.store.inbox_add(tenant, voter, task).await?;
    }
    if !task.voters.is_empty() {
        for candidate in &task.candidates {
            app.store
                .offer_close(tenant, candidate, &task.id, clock::now())
                .await?;
        }
    }
    Ok(())
}
