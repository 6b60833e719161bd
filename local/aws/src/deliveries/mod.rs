//! Handing events to targets: into a queue in the same transaction; to all others from a durable outbox, again until they
//! have taken it or its time is over.

mod deliver;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use storage::rusqlite::{self, Connection, params};
use storage::{Storage, StorageError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::sqs::{self, Message, Sqs};
use crate::{AwsError, Clock, Home};

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// Deliveries that are made side by side.
const TOGETHER: usize = 32;
const LONGEST_PAUSE: i64 = 5 * 60 * 1000;
/// Before what became of a delivery is noted once more.
const NOTE_AGAIN: Duration = Duration::from_secs(1);

/// What becomes of a delivery that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) attempts: i64,
    /// Milliseconds.
    pub(crate) age: i64,
    /// Milliseconds before the second attempt; longer before each that follows.
    pub(crate) pause: i64,
    /// ARN of the queue for what could not be delivered.
    pub(crate) dead: Option<String>,
}

impl Policy {
    /// EventBridge's own.
    pub(crate) const fn events() -> Self {
        Self {
            attempts: 185,
            age: 24 * 3600 * 1000,
            pause: 1000,
            dead: None,
        }
    }

    /// Lambda's own for asynchronous invocations.
    pub(crate) const fn invocations() -> Self {
        Self {
            attempts: 3,
            age: 6 * 3600 * 1000,
            pause: 60_000,
            dead: None,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Delivery {
    id: String,
    pub(crate) target: String,
    pub(crate) payload: String,
    policy: Policy,
    attempts: i64,
    created: i64,
}

/// What is written in the transaction of whoever wants it delivered.
pub(crate) enum Prepared {
    Message(i64, Message),
    Delivery(Delivery),
}

pub(crate) struct Deliveries {
    storage: Storage,
    clock: Clock,
    wake: Notify,
}

/// Prepares a delivery. `group` is for FIFO queues.
pub(crate) fn prepare(
    sqs: &Sqs,
    target: &str,
    payload: String,
    group: Option<String>,
    policy: Policy,
) -> Prepared {
    // A queue that is not there may come; what is to be delivered waits for it.
    if let Some((queue, message)) = sqs.prepare(target, &payload, group) {
        return Prepared::Message(queue, message);
    }
    Prepared::Delivery(Delivery {
        id: Uuid::new_v4().to_string(),
        target: target.to_owned(),
        payload,
        policy,
        attempts: 0,
        created: 0,
    })
}

/// In the transaction of whoever wants it delivered.
pub(crate) fn put(connection: &Connection, prepared: &Prepared, now: i64) -> Result<(), rusqlite::Error> {
    match prepared {
        Prepared::Message(queue, message) => sqs::put(connection, *queue, message, now),
        Prepared::Delivery(delivery) => connection
            .prepare_cached(
                "INSERT INTO deliveries (id, target, payload, policy, created, due) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            )?
            .execute(params![
                delivery.id,
                delivery.target,
                delivery.payload,
                serde_json::to_string(&delivery.policy).unwrap_or_default(),
                now
            ])
            .map(drop),
    }
}

impl Deliveries {
    /// What an earlier process had begun is begun anew.
    pub(crate) fn open(storage: Storage, clock: Clock) -> Result<Self, StorageError> {
        storage.write_blocking(|connection| {
            connection.execute("UPDATE deliveries SET begun = 0 WHERE begun = 1", [])
        })?;
        Ok(Self {
            storage,
            clock,
            wake: Notify::new(),
        })
    }

    /// After the transaction: wakes whom it concerns.
    pub(crate) fn told<'a>(&self, sqs: &Sqs, prepared: impl IntoIterator<Item = &'a (bool, i64)>) {
        for (message, queue) in prepared {
            match message {
                true => sqs.arrived(*queue),
                false => self.wake.notify_one(),
            }
        }
    }

    /// Writes one delivery by itself.
    pub(crate) async fn submit(&self, sqs: &Sqs, prepared: Prepared) -> Result<(), AwsError> {
        let concerns = prepared.concerns();
        let now = self.clock.now();
        self.storage
            .write(move |connection| put(connection, &prepared, now))
            .await?;
        self.told(sqs, [&concerns]);
        Ok(())
    }

    /// Takes what is due, and says when the next one is.
    async fn take(&self, limit: usize) -> Result<(Vec<Delivery>, Option<i64>), AwsError> {
        let now = self.clock.now();
        let taken = self.storage.write(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, target, payload, policy, attempts, created FROM deliveries
                 WHERE begun = 0 AND due <= ?1 ORDER BY due LIMIT ?2",
            )?;
            let rows = select.query_map(params![now, limit], |row| {
                let policy: String = row.get(3)?;
                Ok(Delivery {
                    id: row.get(0)?,
                    target: row.get(1)?,
                    payload: row.get(2)?,
                    policy: serde_json::from_str(&policy).unwrap_or(Policy::events()),
                    attempts: row.get(4)?,
                    created: row.get(5)?,
                })
            })?;
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            for delivery in &rows {
                connection
                    .prepare_cached("UPDATE deliveries SET begun = 1 WHERE id = ?1")?
                    .execute([&delivery.id])?;
            }
            let mut next = connection.prepare_cached("SELECT MIN(due) FROM deliveries WHERE begun = 0")?;
            let next: Option<i64> = next.query_row([], |row| row.get(0))?;
            Ok((rows, next))
        });
        Ok(taken.await?)
    }

    /// Removes what was delivered; puts off what was not, or gives it up.
    async fn conclude(
        &self,
        sqs: &Sqs,
        delivery: Delivery,
        result: Result<(), AwsError>,
    ) -> Result<(), AwsError> {
        let now = self.clock.now();
        let attempts = delivery.attempts + 1;
        let Err(error) = result else {
            return self.remove(sqs, delivery.id, None).await;
        };
        if attempts < delivery.policy.attempts && now - delivery.created < delivery.policy.age {
            tracing::debug!(target_arn = delivery.target, error = %error, "a delivery failed and will be tried again");
            let exponent = u32::try_from(attempts - 1).unwrap_or(u32::MAX).min(16);
            let pause = delivery
                .policy
                .pause
                .saturating_mul(1 << exponent)
                .min(LONGEST_PAUSE);
            let put_off = self.storage.write(move |connection| {
                let update = "UPDATE deliveries SET begun = 0, attempts = ?1, due = ?2 WHERE id = ?3";
                connection.execute(update, params![attempts, now + pause, delivery.id])
            });
            put_off.await?;
            return Ok(());
        }
        tracing::error!(target_arn = delivery.target, error = %error, "a delivery was given up");
        let dead = delivery.policy.dead.as_deref();
        let dead = dead.and_then(|arn| sqs.prepare(arn, &delivery.payload, None));
        let dead = dead.map(|(queue, message)| Prepared::Message(queue, message));
        self.remove(sqs, delivery.id, dead).await
    }

    async fn remove(&self, sqs: &Sqs, id: String, dead: Option<Prepared>) -> Result<(), AwsError> {
        let now = self.clock.now();
        let concerns = dead.as_ref().map(Prepared::concerns);
        let removed = self.storage.write(move |connection| {
            if let Some(dead) = &dead {
                put(connection, dead, now)?;
            }
            connection
                .prepare_cached("DELETE FROM deliveries WHERE id = ?1")?
                .execute([id])
        });
        removed.await?;
        self.told(sqs, &concerns);
        Ok(())
    }
}

impl Prepared {
    /// For [`Deliveries::told`]: whether it is a message, and of which queue.
    pub(crate) fn concerns(&self) -> (bool, i64) {
        match self {
            Self::Message(queue, _) => (true, *queue),
            Self::Delivery(_) => (false, 0),
        }
    }
}

impl Home {
    /// Delivers for ever.
    pub(crate) async fn run_deliveries(&self) {
        let mut running = JoinSet::new();
        loop {
            let free = TOGETHER.saturating_sub(running.len());
            let pause = match self.0.deliveries.take(free.max(1)).await {
                Ok((deliveries, next)) => {
                    for delivery in deliveries {
                        let home = self.clone();
                        running.spawn(async move { home.deliver_one(delivery).await });
                    }
                    self.0.deliveries.clock.until(next)
                }
                Err(error) => {
                    tracing::warn!(error = %error, "cannot look for deliveries");
                    Duration::from_secs(1)
                }
            };
            // Where all are busy, the end of one is waited for.
            let full = running.len() >= TOGETHER;
            tokio::select! {
                Some(_) = running.join_next() => {}
                () = self.0.deliveries.wake.notified(), if !full => {}
                () = tokio::time::sleep(pause), if !full => {}
            }
        }
    }

    async fn deliver_one(&self, delivery: Delivery) {
        let result = self.deliver(&delivery).await;
        let (deliveries, sqs) = (&self.0.deliveries, &self.0.sqs);
        // Nobody else takes what has begun: it is noted as soon as the disk takes it.
        while let Err(error) = deliveries.conclude(sqs, delivery.clone(), result.clone()).await {
            tracing::error!(error = %error, "cannot note a delivery; it is tried again");
            tokio::time::sleep(NOTE_AGAIN).await;
        }
    }
}
