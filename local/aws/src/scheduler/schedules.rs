//! Creating, changing, describing and deleting schedules.

use serde_json::{Value, json};
use storage::rusqlite::{OptionalExtension, params};

use super::{DEFAULT_GROUP, Schedule, Scheduler};
use crate::AwsError;
use crate::service::set;

/// Services that a schedule may call.
const SERVICES: &[&str] = &["sqs", "lambda", "states", "events", "scheduler"];

fn missing(name: &str) -> AwsError {
    AwsError::not_found(format!("Schedule {name} does not exist.")).with_status(404)
}

/// What a row holds: the schedule, when it was created and when modified.
type Stored = (String, i64, i64);

impl Scheduler {
    fn check(&self, name: &str, body: &Value) -> Result<(String, Schedule), AwsError> {
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if name.is_empty() || name.len() > 64 || !letters {
            return Err(AwsError::validation(
                "Value at 'name' failed to satisfy constraint: [0-9a-zA-Z-_.]+, 1 to 64 letters",
            ));
        }
        let schedule: Schedule =
            serde_json::from_value(body.clone()).map_err(|e| AwsError::validation(e.to_string()))?;
        schedule.expression()?;
        let service = schedule.target.arn.split(':').nth(2).unwrap_or_default();
        if !SERVICES.contains(&service) {
            return Err(AwsError::validation(format!(
                "The target {} is not supported by this endpoint.",
                schedule.target.arn
            )));
        }
        let group = body
            .get("GroupName")
            .and_then(Value::as_str)
            .unwrap_or(DEFAULT_GROUP);
        Ok((group.to_owned(), schedule))
    }

    pub(super) async fn create_schedule(&self, name: &str, body: &Value) -> Result<Value, AwsError> {
        let (group, schedule) = self.check(name, body)?;
        self.group(&group).await?;
        let now = self.clock.now();
        let row = (
            group.clone(),
            name.to_owned(),
            serde_json::to_string(&schedule)?,
            schedule.next(now, now),
        );
        let inserted = self.storage.write(move |connection| {
            connection.execute(
                "INSERT INTO schedules (grp, name, schedule, created, modified, next) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                params![row.0, row.1, row.2, now, row.3],
            )
        });
        if inserted.await? == 0 {
            let message = format!("Schedule {name} already exists.");
            return Err(AwsError::sender("ConflictException", message).with_status(409));
        }
        self.changed.notify_one();
        Ok(json!({ "ScheduleArn": self.schedule_arn(&group, name) }))
    }

    pub(super) async fn update_schedule(&self, name: &str, body: &Value) -> Result<Value, AwsError> {
        let (group, schedule) = self.check(name, body)?;
        let now = self.clock.now();
        let row = (
            group.clone(),
            name.to_owned(),
            serde_json::to_string(&schedule)?,
            schedule.next(now, now),
        );
        let updated = self.storage.write(move |connection| {
            connection.execute(
                "UPDATE schedules SET schedule = ?3, modified = ?4, next = ?5 WHERE grp = ?1 AND name = ?2",
                params![row.0, row.1, row.2, now, row.3],
            )
        });
        if updated.await? == 0 {
            return Err(missing(name));
        }
        self.changed.notify_one();
        Ok(json!({ "ScheduleArn": self.schedule_arn(&group, name) }))
    }

    pub(super) async fn get_schedule(&self, name: &str, group: &str) -> Result<Value, AwsError> {
        let key = (group.to_owned(), name.to_owned());
        let read = self.storage.read(move |connection| {
            let select = "SELECT schedule, created, modified FROM schedules WHERE grp = ?1 AND name = ?2";
            let row = |row: &storage::rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            connection
                .query_row(select, params![key.0, key.1], row)
                .optional()
        });
        let stored: Option<Stored> = read.await?;
        let (text, created, modified) = stored.ok_or_else(|| missing(name))?;
        let mut told: Value = serde_json::from_str(&text)?;
        set(&mut told, "Arn", self.schedule_arn(group, name));
        set(&mut told, "Name", name);
        set(&mut told, "GroupName", group);
        set(&mut told, "CreationDate", created / 1000);
        set(&mut told, "LastModificationDate", modified / 1000);
        Ok(told)
    }

    pub(super) async fn delete_schedule(&self, name: &str, group: &str) -> Result<Value, AwsError> {
        let key = (group.to_owned(), name.to_owned());
        let deleted = self.storage.write(move |connection| {
            connection.execute(
                "DELETE FROM schedules WHERE grp = ?1 AND name = ?2",
                params![key.0, key.1],
            )
        });
        match deleted.await? {
            0 => Err(missing(name)),
            _ => Ok(json!({})),
        }
    }

    pub(super) async fn list_schedules(&self, asked: &super::rest::Asked) -> Result<Value, AwsError> {
        let limit = asked.number("MaxResults").unwrap_or(100).clamp(1, 100);
        let (group, prefix) = (
            asked.text("ScheduleGroup"),
            asked.text("NamePrefix").unwrap_or_default(),
        );
        // The token is the last name of the page before, with its group.
        let after = asked.text("NextToken").unwrap_or_default();
        let read = self.storage.read(move |connection| {
            let mut select = connection.prepare(
                "SELECT grp, name, schedule, created, modified FROM schedules
                 WHERE (?1 IS NULL OR grp = ?1) AND substr(name, 1, length(?2)) = ?2 AND grp || '/' || name > ?3
                 ORDER BY grp || '/' || name LIMIT ?4",
            )?;
            let rows = select.query_map(params![group, prefix, after, limit], |row| {
                Ok((row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?, row.get(4)?)))
            })?;
            rows.collect::<Result<Vec<(String, String, Stored)>, _>>()
        });
        let rows = read.await?;
        let next = rows.last().map(|(group, name, _)| format!("{group}/{name}"));
        let next = next.filter(|_| i64::try_from(rows.len()).unwrap_or(0) == limit);
        let schedules = rows.into_iter().map(|(group, name, (text, created, modified))| {
            let schedule: Value = serde_json::from_str(&text).unwrap_or_default();
            json!({
                "Arn": self.schedule_arn(&group, &name), "Name": name, "GroupName": group,
                "State": schedule.get("State"), "Target": { "Arn": schedule.pointer("/Target/Arn") },
                "CreationDate": created / 1000, "LastModificationDate": modified / 1000,
            })
        });
        let mut answer = json!({ "Schedules": schedules.collect::<Vec<_>>() });
        if let Some(next) = next {
            set(&mut answer, "NextToken", next);
        }
        Ok(answer)
    }
}
