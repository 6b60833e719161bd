//! Messages and signals: thrown by machines, by programs over HTTP, by whoever writes to the queue. All end here.

use domain::Result;
use domain::id::TenantId;
use domain::place::{Answer, Decision};
use domain::thrown::{Channel, Thrown, Waiting};
use runtime::{App, clock};
use store::tasks::Voted;
use store::thrown::Given;

use crate::answer;

/// Delivers what was thrown. Throwing the same again, under its id, changes nothing; a delivery that was cut off is gone
/// on with by the next, at the latest by the sweeper's.
pub async fn deliver(app: &App, tenant: &TenantId, thrown: Thrown) -> Result<()> {
    let before = app.store.thrown_put(tenant, &thrown).await?;
    let is_new = before.is_none();
    let thrown = before.unwrap_or(thrown);
    if thrown.taken_by.is_some() || thrown.done_at.is_some() {
        return Ok(());
    }
    let waiting = app.store.waiting(tenant, &thrown.channel).await?;
    match thrown.channel {
        Channel::Message { .. } => message(app, tenant, &thrown, waiting).await,
        Channel::Signal { .. } => {
            // Who began to wait later, in the time between two tries, is not meant.
            let meant = waiting
                .into_iter()
                .filter(|waiting| is_new || waiting.since <= thrown.at);
            signal(app, tenant, &thrown, meant.collect()).await
        }
    }
}

/// To the first that takes it; else it waits.
async fn message(app: &App, tenant: &TenantId, thrown: &Thrown, waiting: Vec<Waiting>) -> Result<()> {
    for waiting in waiting {
        let decision = decision(thrown, &waiting);
        let given = app.store.message_give(tenant, thrown, &waiting.place, &decision);
        match given.await? {
            Given::Given => {
                if let Some(place) = app.store.task_get(tenant, &waiting.place).await? {
                    answer::answer(app, tenant, &place).await?;
                }
                return Ok(());
            }
            Given::MessageTaken => return Ok(()),
            Given::PlaceLeft => app.store.wait_no_more(tenant, &thrown.channel, &waiting).await?,
        }
    }
    app.store.thrown_done(tenant, thrown, clock::now()).await
}

/// To all.
async fn signal(app: &App, tenant: &TenantId, thrown: &Thrown, waiting: Vec<Waiting>) -> Result<()> {
    for waiting in waiting {
        let decision = decision(thrown, &waiting);
        match app.store.task_decide(tenant, &waiting.place, &decision).await? {
            Voted::Counted(place) => answer::answer(app, tenant, &place).await?,
            Voted::Refused(_) => app.store.wait_no_more(tenant, &thrown.channel, &waiting).await?,
        }
    }
    app.store.thrown_done(tenant, thrown, clock::now()).await
}

fn decision(thrown: &Thrown, waiting: &Waiting) -> Decision {
    Decision::of(Answer::event(&waiting.node, thrown.data.clone()), clock::now())
}
