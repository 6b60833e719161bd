//! Rules with a schedule: events that nobody sends. What was due while nothing ran is due once, at once.

use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};
use tokio::time::timeout;
use uuid::Uuid;

use super::rules::Rule;
use super::{DEFAULT_BUS, Events};
use crate::AwsError;
use crate::clock::LONGEST_SLEEP;
use crate::deliveries;
use crate::scheduler::Expression;

/// A rule that is due, and the instants from which it counts and when it was due.
#[derive(Debug, Clone)]
struct Due {
    name: String,
    begun: i64,
    at: i64,
}

/// The expression of a rule: a rate or a cron pattern in UTC, on the default bus.
pub(super) fn check(bus: &str, expression: &str) -> Result<Expression, AwsError> {
    if bus != DEFAULT_BUS {
        return Err(AwsError::validation(
            "ScheduleExpression is supported only on the default event bus.",
        ));
    }
    let invalid = || AwsError::validation("Parameter ScheduleExpression is not valid.");
    match Expression::parse(expression, None).map_err(|_| invalid())? {
        Expression::At(_) => Err(invalid()),
        expression => Ok(expression),
    }
}

/// In the transaction that writes a rule: when it is due next. One whose schedule stays goes on as it was.
pub(super) fn put(connection: &Connection, rule: &Rule, now: i64) -> Result<(), rusqlite::Error> {
    let expression = rule.schedule().filter(|_| rule.is_enabled());
    let next = expression.and_then(|text| {
        let expression = Expression::parse(text, None).ok()?;
        // A rate begins with its first pause.
        expression.next(now, now.saturating_add(1))
    });
    let (Some(expression), Some(next)) = (expression, next) else {
        return remove(connection, &rule.bus, rule.name());
    };
    connection
        .prepare_cached(
            "INSERT INTO rule_schedules (bus, name, expression, begun, next) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (bus, name) DO UPDATE
                 SET expression = excluded.expression, begun = excluded.begun, next = excluded.next
                 WHERE expression <> excluded.expression",
        )?
        .execute(params![rule.bus, rule.name(), expression, now, next])
        .map(drop)
}

pub(super) fn remove(connection: &Connection, bus: &str, name: &str) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("DELETE FROM rule_schedules WHERE bus = ?1 AND name = ?2")?
        .execute([bus, name])
        .map(drop)
}

impl Events {
    /// Lets rules be due, for ever.
    pub(crate) async fn run_schedules(&self) {
        loop {
            let pause = match self.fire().await {
                Ok(next) => self.clock.until(next),
                Err(error) => {
                    tracing::warn!(error = %error, "cannot look for rules that are due");
                    LONGEST_SLEEP
                }
            };
            let _ = timeout(pause, self.scheduled.notified()).await;
        }
    }

    /// Delivers what is due and says when the next is.
    async fn fire(&self) -> Result<Option<i64>, AwsError> {
        loop {
            let now = self.clock.now();
            let due = self.storage.read(move |connection| due(connection, now)).await?;
            if due.is_empty() {
                let next = "SELECT MIN(next) FROM rule_schedules";
                let next = self
                    .storage
                    .read(move |connection| connection.query_row(next, [], |row| row.get(0)));
                return Ok(next.await?);
            }
            for due in due {
                self.fire_one(due, now).await?;
            }
        }
    }

    async fn fire_one(&self, due: Due, now: i64) -> Result<(), AwsError> {
        let rule = self.rule(DEFAULT_BUS, &due.name).ok();
        let prepared = rule
            .as_ref()
            .map_or_else(Vec::new, |rule| self.prepare(rule, &self.scheduled_event(&due)));
        let concerns: Vec<_> = prepared.iter().map(deliveries::Prepared::concerns).collect();
        let next = rule
            .as_ref()
            .and_then(|rule| Expression::parse(rule.schedule()?, None).ok())
            .and_then(|expression| expression.next(due.begun, now.max(due.at).saturating_add(1)));
        let fired = self.storage.write(move |connection| {
            // Nothing where it was changed or deleted meanwhile.
            let changed = match next {
                Some(next) => connection
                    .prepare_cached(
                        "UPDATE rule_schedules SET next = ?1 WHERE bus = ?2 AND name = ?3 AND next = ?4",
                    )?
                    .execute(params![next, DEFAULT_BUS, due.name, due.at])?,
                None => connection
                    .prepare_cached("DELETE FROM rule_schedules WHERE bus = ?1 AND name = ?2 AND next = ?3")?
                    .execute(params![DEFAULT_BUS, due.name, due.at])?,
            };
            if changed > 0 {
                prepared
                    .iter()
                    .try_for_each(|one| deliveries::put(connection, one, now))?;
            }
            Ok(changed > 0)
        });
        if fired.await? {
            self.deliveries.told(&self.sqs, &concerns);
        }
        Ok(())
    }

    fn scheduled_event(&self, due: &Due) -> Value {
        let time = jiff::Timestamp::from_second(due.at.div_euclid(1000));
        json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self.names.account,
            "time": time.map(|time| time.to_string()).unwrap_or_default(),
            "region": self.names.region,
            "resources": [self.rule_arn(DEFAULT_BUS, &due.name)],
            "detail": {},
        })
    }
}

fn due(connection: &Connection, now: i64) -> Result<Vec<Due>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT name, begun, next FROM rule_schedules WHERE next <= ?1 ORDER BY next LIMIT 100",
    )?;
    let rows = statement.query_map([now], |row| {
        Ok(Due {
            name: row.get(0)?,
            begun: row.get(1)?,
            at: row.get(2)?,
        })
    })?;
    rows.collect()
}
