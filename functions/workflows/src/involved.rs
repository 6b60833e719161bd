//! Who may see an instance: who may see all, its starter, and who has or had a task in it.

use domain::id::InstanceId;
use domain::instance::Instance;
use domain::permission::Permission;
use domain::task::{Candidate, Task};
use domain::{Error, Result, Text};
use runtime::{App, Caller};

/// An instance with its tasks, for a caller who may see it.
pub(crate) async fn read(app: &App, caller: &Caller, id: &InstanceId) -> Result<(Instance, Vec<Task>)> {
    let instance = engine::instance::read(app, &caller.tenant, id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    let tasks = app.store.tasks_of(&caller.tenant, id).await?;
    let involved = caller.may(Permission::InstanceReadAll)
        || instance.starter == caller.user
        || tasks.iter().any(|task| has_part(caller, task));
    if involved {
        Ok((instance, tasks))
    } else {
        Err(not_involved())
    }
}

fn has_part(caller: &Caller, task: &Task) -> bool {
    task.voters.contains(&caller.user)
        || task.votes.contains_key(&caller.user)
        || task.candidates.iter().any(|candidate| match candidate {
            Candidate::User(user) => *user == caller.user,
            Candidate::Role(role) => caller.roles.contains(role),
        })
}

fn not_involved() -> Error {
    Error::Forbidden(Text::new(
        "You have no part in this instance.",
        "您未参与此流程实例。",
    ))
}
