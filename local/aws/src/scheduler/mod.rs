//! EventBridge Scheduler: schedules that outlive the process; what was due while it was not running is due at once.

mod expression;
mod groups;
mod rest;
mod schedules;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use storage::rusqlite::{self, Connection, params};
use storage::{Storage, StorageError};
use tokio::sync::Notify;

use crate::deliveries::{self, Deliveries, Policy, Prepared};
use crate::sqs::{Names, Sqs};
use crate::{AwsError, Clock};

pub use rest::OPERATIONS;

pub(crate) use expression::Expression;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

const DEFAULT_GROUP: &str = "default";
/// Schedules that are looked at together.
const BATCH: i64 = 100;

pub(crate) struct Scheduler {
    storage: Storage,
    clock: Clock,
    names: Names,
    sqs: Arc<Sqs>,
    deliveries: Arc<Deliveries>,
    changed: Notify,
}

/// What CreateSchedule and UpdateSchedule are given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Schedule {
    schedule_expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression_timezone: Option<String>,
    target: Target,
    flexible_time_window: serde_json::Value,
    #[serde(default = "enabled")]
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_after_completion: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<String>,
}

fn enabled() -> String {
    "ENABLED".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    arn: String,
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<Retry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SqsParameters {
    message_group_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetters {
    arn: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retry {
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
}

impl Schedule {
    fn expression(&self) -> Result<Expression, AwsError> {
        Expression::parse(
            &self.schedule_expression,
            self.schedule_expression_timezone.as_deref(),
        )
    }

    /// When it is due first, not before `from`; `begun` is when it was created.
    fn next(&self, begun: i64, from: i64) -> Option<i64> {
        if self.state != "ENABLED" {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a date")]
        let milliseconds = |seconds: f64| (seconds * 1000.0) as i64;
        let expression = self.expression().ok()?;
        if matches!(expression, Expression::At(_)) {
            return expression.next(begun, from);
        }
        let start = self.start_date.map_or(begun, milliseconds);
        let next = expression.next(start, from.max(start))?;
        let over = self.end_date.is_some_and(|end| next > milliseconds(end));
        (!over).then_some(next)
    }

    fn policy(&self) -> Policy {
        let mut policy = Policy::events();
        policy.dead = self
            .target
            .dead_letter_config
            .as_ref()
            .and_then(|dead| dead.arn.clone());
        if let Some(retry) = &self.target.retry_policy {
            policy.attempts = retry
                .maximum_retry_attempts
                .map_or(policy.attempts, |retries| retries.saturating_add(1));
            policy.age = retry
                .maximum_event_age_in_seconds
                .map_or(policy.age, |seconds| seconds.saturating_mul(1000));
        }
        policy
    }
}

/// A schedule that is due.
struct Due {
    group: String,
    name: String,
    schedule: Schedule,
    created: i64,
    at: i64,
}

impl Scheduler {
    pub(crate) fn open(
        storage: Storage,
        clock: Clock,
        names: Names,
        sqs: Arc<Sqs>,
        deliveries: Arc<Deliveries>,
    ) -> Result<Self, StorageError> {
        let now = clock.now();
        storage.write_blocking(move |connection| {
            let insert = "INSERT OR IGNORE INTO schedule_groups (name, created) VALUES (?1, ?2)";
            connection.execute(insert, params![DEFAULT_GROUP, now])
        })?;
        Ok(Self {
            storage,
            clock,
            names,
            sqs,
            deliveries,
            changed: Notify::new(),
        })
    }

    /// Lets schedules be due, for ever.
    pub(crate) async fn run(&self) {
        loop {
            let pause = match self.fire().await {
                Ok(next) => self.clock.until(next),
                Err(error) => {
                    tracing::warn!(error = %error, "cannot look for schedules that are due");
                    Duration::from_secs(1)
                }
            };
            let _ = tokio::time::timeout(pause, self.changed.notified()).await;
        }
    }

    /// Delivers what is due and says when the next is.
    async fn fire(&self) -> Result<Option<i64>, AwsError> {
        loop {
            let now = self.clock.now();
            let due = self.storage.read(move |connection| due(connection, now)).await?;
            if due.is_empty() {
                let next = "SELECT MIN(next) FROM schedules WHERE next IS NOT NULL";
                let next = self
                    .storage
                    .read(move |connection| connection.query_row(next, [], |row| row.get(0)));
                return Ok(next.await?);
            }
            let fired: Vec<(Due, Prepared)> = due.into_iter().map(|due| self.prepare(due)).collect();
            let concerns: Vec<_> = fired.iter().map(|(_, prepared)| prepared.concerns()).collect();
            let written = self.storage.write(move |connection| {
                fired
                    .iter()
                    .try_for_each(|(due, prepared)| conclude(connection, due, prepared, now))
            });
            written.await?;
            self.deliveries.told(&self.sqs, &concerns);
        }
    }

    fn prepare(&self, due: Due) -> (Due, Prepared) {
        let target = &due.schedule.target;
        let group = target
            .sqs_parameters
            .as_ref()
            .and_then(|sqs| sqs.message_group_id.clone());
        let at = jiff::Timestamp::from_millisecond(due.at)
            .map(|at| at.to_string())
            .unwrap_or_default();
        // What AWS sends where no input is given.
        let plain = || {
            serde_json::json!({
                "version": "0", "source": "aws.scheduler", "detail-type": "Scheduled Event", "time": at,
                "account": self.names.account, "region": self.names.region,
                "resources": [self.schedule_arn(&due.group, &due.name)], "detail": "{}",
            })
            .to_string()
        };
        let payload = match &target.input {
            Some(input) => input.replace("<aws.scheduler.scheduled-time>", &at).replace(
                "<aws.scheduler.schedule-arn>",
                &self.schedule_arn(&due.group, &due.name),
            ),
            None => plain(),
        };
        let prepared = deliveries::prepare(&self.sqs, &target.arn, payload, group, due.schedule.policy());
        (due, prepared)
    }

    fn schedule_arn(&self, group: &str, name: &str) -> String {
        format!(
            "arn:aws:scheduler:{}:{}:schedule/{group}/{name}",
            self.names.region, self.names.account
        )
    }
}

fn due(connection: &Connection, now: i64) -> Result<Vec<Due>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT grp, name, schedule, created, next FROM schedules WHERE next <= ?1 ORDER BY next LIMIT ?2",
    )?;
    let rows = statement.query_map([now, BATCH], |row| {
        let text: String = row.get(2)?;
        let schedule = serde_json::from_str(&text).map_err(|e| {
            rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e))
        })?;
        Ok(Due {
            group: row.get(0)?,
            name: row.get(1)?,
            schedule,
            created: row.get(3)?,
            at: row.get(4)?,
        })
    })?;
    rows.collect()
}

/// Once for all times that were missed. Nothing where it was changed or deleted meanwhile.
fn conclude(
    connection: &Connection,
    due: &Due,
    prepared: &Prepared,
    now: i64,
) -> Result<(), rusqlite::Error> {
    let once = due.schedule.schedule_expression.starts_with("at(");
    let next = if once {
        None
    } else {
        due.schedule.next(due.created, now.max(due.at) + 1)
    };
    let delete = next.is_none() && due.schedule.action_after_completion.as_deref() == Some("DELETE");
    let changed = if delete {
        connection
            .prepare_cached("DELETE FROM schedules WHERE grp = ?1 AND name = ?2 AND next = ?3")?
            .execute(params![due.group, due.name, due.at])?
    } else {
        connection
            .prepare_cached("UPDATE schedules SET next = ?4 WHERE grp = ?1 AND name = ?2 AND next = ?3")?
            .execute(params![due.group, due.name, due.at, next])?
    };
    match changed {
        0 => Ok(()),
        _ => deliveries::put(connection, prepared, now),
    }
}
