//! Removes executions that ended long ago.

use std::sync::Weak;

use asl::Timestamp;

use crate::db::executions;
use crate::error::Result;
use crate::service::Service;

const HOUR_SECONDS: f64 = 3600.0;
const DAY: i64 = 24 * 3600 * 1000;
/// Removed in one write, so that others do not wait for long.
const BATCH: usize = 256;

pub(crate) async fn run(service: Weak<Service>, days: u32) {
    loop {
        let Some(service) = service.upgrade() else { return };
        let now = service.clock.now();
        if let Err(error) = expire(&service, now, days).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot remove old executions"
            );
        }
        let next = now.plus_seconds(HOUR_SECONDS);
        while service.clock.now() < next {
            service.clock.sleep_until(next).await;
        }
    }
}

async fn expire(service: &Service, now: Timestamp, days: u32) -> Result<()> {
    let before = now
        .milliseconds()
        .saturating_sub(i64::from(days).saturating_mul(DAY));
    // Mostly there is nothing, and then nothing is written.
    while service
        .db
        .read(move |db| executions::any_expired(db, before))
        .await?
    {
        let removed = service
            .db
            .write(move |db| executions::expire(db, before, BATCH))
            .await?;
        if removed < BATCH {
            break;
        }
    }
    Ok(())
}
