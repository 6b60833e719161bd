//! What an open task needs beside its row: done by its opening, and by the stream's consumer should that have been cut off.

use domain::id::TenantId;
use domain::place::{Answer, Decision};
use domain::task::Task;
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
    if task.is_open() {
        offer(app, tenant, &task).await?;
    }
    engine::place::arrange(app, tenant, task).await
}

/// Decides with the first outcome, by nobody.
async fn pass(app: &App, tenant: &TenantId, task: Task) -> Result<Task> {
    let outcome = task.outcomes.first().cloned().unwrap_or_default();
    let decision = Decision::of(Answer::Outcome { outcome }, clock::now());
    match app.store.task_decide(tenant, &task.id, &decision).await? {
        Voted::Counted(task) => Ok(*task),
        Voted::Refused(task) => task.map(|task| *task).ok_or(Error::NotFound("task")),
    }
}

/// Puts an open task into the lists of its people. Harmless to repeat.
pub(crate) async fn offer(app: &App, tenant: &TenantId, task: &Task) -> Result<()> {
    if task.voters.is_empty() {
        for candidate in &task.candidates {
            app.store.offer_add(tenant, candidate, task).await?;
        }
    }
    move_to_inbox(app, tenant, task).await
}
