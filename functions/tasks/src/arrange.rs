//! What an open task needs beside its row: done by its opening, and by the stream's consumer should that have been cut off.

use domain::id::TenantId;
use domain::task::{Decision, Task};
use domain::{Error, Result};
use runtime::{App, clock};
use store::tasks::Voted;

use crate::claim_task::move_to_inbox;

/// Brings an open task before its people; decides it where nobody has to be asked, and answers it where it is decided.
/// Harmless to repeat, also late: what has left a list does not come back.
pub(crate) async fn arrange(app: &App, tenant: &TenantId, task: Task) -> Result<Task> {
    let task = if task.skip && task.is_open() {
        pass(app, tenant, task).await?
    } else {
        task
    };
    if task.decided.is_some() {
        // Decided before this execution came to it, or not a question at all.
        engine::answer::answer(app, tenant, &task).await?;
    } else if task.is_open() {
        offer(app, tenant, &task).await?;
    }
    Ok(task)
}

/// Decides with the first outcome, by nobody.
async fn pass(app: &App, tenant: &TenantId, task: Task) -> Result<Task> {
    let outcome = task.outcomes.first().cloned().unwrap_or_default();
    let decision = Decision {
        outcome,
        at: clock::now(),
        by: None,
    };
    match app.store.task_decide(tenant, &task, &decision).await? {
        Voted::Counted(task) => Ok(*task),
        Voted::Refused(task) => task.map(|task| *task).ok_or(Error::NotFound("task")),
    }
}

async fn offer(app: &App, tenant: &TenantId, task: &Task) -> Result<()> {
    if task.voters.is_empty() {
        for candidate in &task.candidates {
            app.store.offer_add(tenant, candidate, task).await?;
        }
    }
    move_to_inbox(app, tenant, task).await
}
