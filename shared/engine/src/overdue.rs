//! What the clock does to a place: its timer occurs, or its people have not decided in time.

use std::collections::BTreeSet;

use domain::id::{Key, TenantId, UserId};
use domain::place::{Answer, Decision};
use domain::task::{Candidate, Escalation, NextDue, Overdue, Task};
use domain::{Error, Result};
use jiff::Timestamp;
use runtime::App;
use store::tasks::Voted;

use crate::{answer, place};

const ADMINISTRATORS: &str = "admin";

/// Lets happen to a place what is due. Harmless to repeat, also late; what was refused because the place has just changed
/// is still due, and comes again.
pub async fn act(app: &App, tenant: &TenantId, place: &Task, now: Timestamp) -> Result<()> {
    match place.next_due().filter(|due| due.at() <= now) {
        Some(NextDue::Event(timer)) => {
            let answer = Answer::event(&timer.node, Default::default());
            place::decide(app, tenant, &place.id, answer).await.map(|_| ())
        }
        Some(NextDue::Overdue(Overdue::Outcome(outcome), _)) => {
            decide(app, tenant, place, outcome, now).await
        }
        Some(NextDue::Overdue(Overdue::Escalate, _)) => {
            let escalated = escalated(app, tenant, place, now).await?;
            // The lists follow by the stream, as those of others always do.
            let written = app.store.place_after_due(tenant, place, &escalated).await?;
            if matches!(written, Voted::Counted(_)) {
                tracing::info!(place = %place.id, "not decided in time: others have it as well");
            }
            Ok(())
        }
        // Opened again after what was due had been done, and so put where it stood before.
        None => app.store.place_after_due(tenant, place, place).await.map(|_| ()),
    }
}

/// Decides a task by the clock.
async fn decide(app: &App, tenant: &TenantId, task: &Task, outcome: &str, now: Timestamp) -> Result<()> {
    let outcome = outcome.to_owned();
    let decision = Decision {
        answer: Answer::Outcome { outcome },
        at: now,
        by: Some(UserId::system()),
    };
    match app.store.task_decide(tenant, &task.id, &decision).await? {
        Voted::Counted(task) => answer::answer(app, tenant, &task).await,
        Voted::Refused(_) => Ok(()),
    }
}

/// The task with those who get it as well: the leaders of those who have not voted; where that is nobody new, the
/// administrators.
async fn escalated(app: &App, tenant: &TenantId, task: &Task, at: Timestamp) -> Result<Task> {
    let mut leaders = leaders(app, tenant, &waited_for(task)).await?;
    leaders.retain(|leader| !task.voters.contains(leader));
    let mut escalated = task.clone();
    let mut escalation = Escalation {
        at,
        voters: BTreeSet::new(),
        candidates: BTreeSet::new(),
    };
    if task.voters.is_empty() {
        // Nobody has claimed it: more are asked to.
        escalation.candidates = leaders.into_iter().map(Candidate::User).collect();
        escalation.candidates.retain(|one| !task.candidates.contains(one));
        if escalation.candidates.is_empty() {
            let administrators = Candidate::Role(administrators()?);
            escalation
                .candidates
                .extend(Some(administrators).filter(|one| !task.candidates.contains(one)));
        }
    } else {
        escalation.voters = leaders;
        if escalation.voters.is_empty() {
            let administrators = app.store.role_members(tenant, &administrators()?).await?;
            escalation.voters.extend(administrators);
            escalation.voters.retain(|one| !task.voters.contains(one));
        }
    }
    escalated.voters.extend(escalation.voters.iter().cloned());
    escalated.candidates.extend(escalation.candidates.iter().cloned());
    escalated.escalation = Some(escalation);
    Ok(escalated)
}

/// Those who could have voted, or claimed it to do so.
fn waited_for(task: &Task) -> BTreeSet<UserId> {
    let silent = task.voters.iter().filter(|voter| !task.votes.contains_key(voter));
    let named = task.candidates.iter().filter_map(|candidate| match candidate {
        Candidate::User(user) if task.voters.is_empty() => Some(user),
        Candidate::User(_) | Candidate::Role(_) => None,
    });
    silent.chain(named).cloned().collect()
}

async fn leaders(app: &App, tenant: &TenantId, of: &BTreeSet<UserId>) -> Result<BTreeSet<UserId>> {
    let mut leaders = BTreeSet::new();
    for person in of {
        let person = app.store.user_get(tenant, person).await?;
        leaders.extend(person.and_then(|person| person.leader));
    }
    Ok(leaders)
}

fn administrators() -> Result<Key> {
    Key::parse(ADMINISTRATORS).map_err(|e| Error::internal("read a role", e))
}
