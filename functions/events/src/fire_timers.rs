//! Lets timers occur that are due, and does what was to be done with tasks that were not decided in time. How exact a timer is, is how often this runs: on AWS each minute, which is as often as
//! a schedule can be; in the gateway each second.

use domain::Result;
use domain::id::TenantId;
use futures_util::future::join_all;
use jiff::Timestamp;
use runtime::envelope::chain;
use runtime::extract::page;
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::{Deserialize, Serialize};
use store::{Table, keys};

const PAGE: u32 = 100;
/// Pages of one partition in one run: what is left comes first the next time.
const MOST_PAGES: usize = 10;

pub fn handler() -> Handler {
    let mut grants = engine::grants::deciding();
    grants.push(table(Table::Tasks, "Query"));
    // Whom a task that was not decided in time goes to as well.
    grants.push(table(Table::Identity, "GetItem Query"));
    let trigger = Trigger::Schedule {
        minutes: 1,
        gateway_seconds: 1,
    };
    Handler::new("fire_timers", trigger, grants, fire_timers)
}

/// Nothing of a schedule's event is needed.
#[derive(Debug, Deserialize)]
pub struct Tick {}

#[derive(Debug, Default, Serialize)]
pub struct Fired {
    fired: usize,
}

async fn fire_timers(app: App, _: Tick) -> Result<Fired, FunctionError> {
    let tenant = TenantId::default_tenant();
    let now = clock::now();
    let shards = (0..keys::RUNNING_SHARDS).map(|shard| fire_shard(&app, &tenant, shard, now));
    let mut fired = 0;
    for shard in join_all(shards).await {
        fired += shard?;
    }
    if fired > 0 {
        tracing::info!(fired, "timers");
    }
    Ok(Fired { fired })
}

async fn fire_shard(app: &App, tenant: &TenantId, shard: u32, now: Timestamp) -> Result<usize> {
    let mut fired = 0;
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let due = app
            .store
            .places_due(tenant, shard, &page(Some(PAGE), cursor)?)
            .await?;
        for place in due.items {
            if !place.is_due(now) {
                return Ok(fired);
            }
            match engine::overdue::act(app, tenant, &place.place, now).await {
                Ok(()) => fired += 1,
                // It stands there still, and does not keep the others waiting.
                Err(error) => tracing::warn!(error = chain(&error), "a timer could not occur"),
            }
        }
        cursor = due.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(fired)
}
