//! Whom a task is for.

use std::collections::BTreeSet;

use compiler::node::{self, Assignee, Relation, UserTask, WhenNoAssignee, WhenStarterIsAssignee};
use domain::id::{Key, TenantId, UserId};
use domain::task::Candidate;
use domain::{Error, Result};
use runtime::App;

/// The people and pools of a task.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignees {
    pub(crate) voters: BTreeSet<UserId>,
    pub(crate) candidates: BTreeSet<Candidate>,
    /// Nobody has to be asked: the task is passed with its first outcome.
    pub(crate) skip: bool,
}

const ADMINISTRATORS: &str = "admin";

pub(crate) async fn resolve(
    app: &App,
    tenant: &TenantId,
    spec: &UserTask,
    starter: &UserId,
) -> Result<Assignees> {
    let mut assignees = Assignees::default();
    for assignee in &spec.assign {
        match assignee {
            Assignee::Starter(Relation::Themselves) => {
                assignees.voters.insert(starter.clone());
            }
            Assignee::Starter(Relation::Leader) => {
                let leader = app
                    .store
                    .user_get(tenant, starter)
                    .await?
                    .and_then(|user| user.leader);
                assignees.voters.extend(leader);
            }
            Assignee::User(id) => {
                let id = UserId::parse(id.as_str()).map_err(|e| Error::internal("read an assignee", e))?;
                assignees
                    .voters
                    .extend(app.store.user_get(tenant, &id).await?.map(|user| user.id));
            }
            Assignee::Role(role) => assignees
                .voters
                .extend(app.store.role_members(tenant, &role_key(role)?).await?),
        }
    }
    for candidate in &spec.candidates {
        assignees.candidates.insert(match candidate {
            node::Candidate::User(id) => Candidate::User(
                UserId::parse(id.as_str()).map_err(|e| Error::internal("read a candidate", e))?,
            ),
            node::Candidate::Role(role) => Candidate::Role(role_key(role)?),
        });
    }
    let starter_left_out =
        spec.when_starter_is_assignee == WhenStarterIsAssignee::Skip && assignees.voters.remove(starter);
    if assignees.voters.is_empty() && assignees.candidates.is_empty() {
        assignees.skip = starter_left_out || spec.when_no_assignee == WhenNoAssignee::Skip;
        if !assignees.skip {
            assignees
                .voters
                .extend(app.store.role_members(tenant, &role_key(ADMINISTRATORS)?).await?);
        }
    }
    Ok(assignees)
}

fn role_key(role: &str) -> Result<Key> {
    Key::parse(role).map_err(|e| Error::internal("read a role", e))
}
