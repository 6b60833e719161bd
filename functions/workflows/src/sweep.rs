//! The sweeper: finds what events and streams have missed, and does it.

use domain::Result;
use domain::id::TenantId;
use jiff::{SignedDuration, Timestamp};
use runtime::envelope::chain;
use runtime::extract::page;
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::{Deserialize, Serialize};
use store::{Table, keys};

/// How long the quicker ways have before the sweeper takes over.
const GRACE: SignedDuration = SignedDuration::from_secs(30);
/// An instance that was found running is left alone for as long as it has been there, at least and at most so long. A look costs
/// two units and a call of an API that AWS lets few make; what it finds is rare, and as likely in the first hour as in all others.
const REST: [SignedDuration; 2] = [SignedDuration::from_hours(1), SignedDuration::from_hours(12)];
const PAGE: u32 = 100;
/// Pages of one list in one run: what is left comes first the next time.
const MOST_PAGES: usize = 20;

pub fn handler() -> Handler {
    let mut grants = crate::end_instance::grants();
    grants.push(table(Table::Instances, "Query"));
    grants.extend(engine::grants::calling());
    let trigger = Trigger::Schedule {
        minutes: 1,
        gateway_seconds: 60,
    };
    Handler::new("sweep", trigger, grants, sweep)
}

/// The event of a schedule has more members than these; none is needed.
#[derive(Debug, Default, Deserialize)]
pub struct Sweep {
    /// Look at everything, whether or not it is time: after the endpoint was restarted.
    #[serde(default)]
    all: bool,
}

/// What was found and done.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    answered: usize,
    looked_after: usize,
    delivered: usize,
    failed: usize,
}

async fn sweep(app: App, sweep: Sweep) -> Result<Swept, FunctionError> {
    let tenant = TenantId::default_tenant();
    let now = clock::now();
    let mut swept = Swept::default();
    let before = if sweep.all { now } else { now - GRACE };
    unanswered(&app, &tenant, before, &mut swept).await?;
    undelivered(&app, &tenant, before, &mut swept).await?;
    for shard in 0..keys::RUNNING_SHARDS {
        unsettled(
            &app,
            &tenant,
            shard,
            if sweep.all { Timestamp::MAX } else { now },
            &mut swept,
        )
        .await?;
    }
    if swept.answered + swept.looked_after + swept.delivered + swept.failed > 0 {
        tracing::info!(
            answered = swept.answered,
            looked_after = swept.looked_after,
            delivered = swept.delivered,
            failed = swept.failed,
            "swept"
        );
    }
    Ok(swept)
}

/// Decided tasks whose execution was not told.
async fn unanswered(app: &App, tenant: &TenantId, before: Timestamp, swept: &mut Swept) -> Result<()> {
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let tasks = app
            .store
            .task_unanswered(tenant, &page(Some(PAGE), cursor)?)
            .await?;
        for task in tasks.items {
            if task.decided.as_ref().is_none_or(|decision| decision.at > before) {
                return Ok(());
            }
            let answered = async {
                engine::answer::answer(app, tenant, &task).await?;
                app.store
                    .task_answered(tenant, &task.id, task.epoch, clock::now())
                    .await
            };
            count(answered.await, &mut swept.answered, &mut swept.failed);
        }
        cursor = tasks.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

/// Messages and signals whose delivery was cut off.
async fn undelivered(app: &App, tenant: &TenantId, before: Timestamp, swept: &mut Swept) -> Result<()> {
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let found = app
            .store
            .thrown_undelivered(tenant, &page(Some(PAGE), cursor)?)
            .await?;
        for thrown in found.items {
            if thrown.at > before {
                return Ok(());
            }
            let delivered = engine::events::deliver(app, tenant, thrown).await;
            count(delivered, &mut swept.delivered, &mut swept.failed);
        }
        cursor = found.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

/// Instances whose end may have been missed, or whose execution was never started.
async fn unsettled(
    app: &App,
    tenant: &TenantId,
    shard: u32,
    until: Timestamp,
    swept: &mut Swept,
) -> Result<()> {
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let found = app
            .store
            .instance_unsettled(tenant, shard, &page(Some(PAGE), cursor)?)
            .await?;
        for unsettled in found.items {
            if !unsettled.is_due(until) {
                return Ok(());
            }
            let instance = &unsettled.instance;
            let looked_after = async {
                engine::end::look_after(app, tenant, instance).await?;
                let next = next_look(instance.started_at, clock::now());
                app.store.instance_check_at(tenant, &instance.id, next).await
            };
            count(looked_after.await, &mut swept.looked_after, &mut swept.failed);
        }
        cursor = found.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

fn next_look(started_at: Timestamp, now: Timestamp) -> Timestamp {
    let [shortest, longest] = REST;
    now + now.duration_since(started_at).clamp(shortest, longest)
}

/// One that fails does not keep the others from being looked after; it comes again.
fn count(outcome: Result<()>, done: &mut usize, failed: &mut usize) {
    match outcome {
        Ok(()) => *done += 1,
        Err(error) => {
            *failed += 1;
            tracing::warn!(error = chain(&error), "not swept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_an_instance_is_there_the_less_often_it_is_looked_at() {
        let started: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let mut looks = Vec::new();
        let mut now = started + SignedDuration::from_mins(1);
        while now < started + SignedDuration::from_hours(72) {
            looks.push(now.duration_since(started).as_hours());
            now = next_look(started, now);
        }
        assert_eq!(looks, [0, 1, 2, 4, 8, 16, 28, 40, 52, 64]);
        // A clock that was put back.
        assert_eq!(next_look(started, started - REST[0]), started);
    }
}
