//! Groups of schedules.

use serde_json::{Value, json};
use storage::rusqlite::{OptionalExtension, params};

use super::{DEFAULT_GROUP, Scheduler};
use crate::AwsError;

impl Scheduler {
    /// When a group was created.
    pub(super) async fn group(&self, name: &str) -> Result<i64, AwsError> {
        let row = name.to_owned();
        let read = self.storage.read(move |connection| {
            let select = "SELECT created FROM schedule_groups WHERE name = ?1";
            connection.query_row(select, [row], |row| row.get(0)).optional()
        });
        let missing =
            || AwsError::not_found(format!("Schedule group {name} does not exist.")).with_status(404);
        read.await?.ok_or_else(missing)
    }

    fn group_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:scheduler:{}:{}:schedule-group/{name}",
            self.names.region, self.names.account
        )
    }

    fn told(&self, name: &str, created: i64) -> Value {
        json!({ "Arn": self.group_arn(name), "Name": name, "State": "ACTIVE", "CreationDate": created / 1000 })
    }

    pub(super) async fn create_schedule_group(&self, name: &str) -> Result<Value, AwsError> {
        let (row, now) = (name.to_owned(), self.clock.now());
        let inserted = self.storage.write(move |connection| {
            let insert = "INSERT OR IGNORE INTO schedule_groups (name, created) VALUES (?1, ?2)";
            connection.execute(insert, params![row, now])
        });
        match inserted.await? {
            0 => Err(AwsError::sender(
                "ConflictException",
                format!("Schedule group {name} already exists."),
            )
            .with_status(409)),
            _ => Ok(json!({ "ScheduleGroupArn": self.group_arn(name) })),
        }
    }

    pub(super) async fn get_schedule_group(&self, name: &str) -> Result<Value, AwsError> {
        Ok(self.told(name, self.group(name).await?))
    }

    /// With all of its schedules.
    pub(super) async fn delete_schedule_group(&self, name: &str) -> Result<Value, AwsError> {
        if name == DEFAULT_GROUP {
            return Err(AwsError::validation(
                "The default schedule group cannot be deleted.",
            ));
        }
        self.group(name).await?;
        let row = name.to_owned();
        self.storage
            .write(move |connection| {
                connection.execute("DELETE FROM schedules WHERE grp = ?1", [&row])?;
                connection.execute("DELETE FROM schedule_groups WHERE name = ?1", [&row])
            })
            .await?;
        Ok(json!({}))
    }

    pub(super) async fn list_schedule_groups(&self) -> Result<Value, AwsError> {
        let read = self.storage.read(|connection| {
            let mut select = connection.prepare("SELECT name, created FROM schedule_groups ORDER BY name")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<Vec<(String, i64)>, _>>()
        });
        let groups = read.await?;
        let groups = groups.iter().map(|(name, created)| self.told(name, *created));
        Ok(json!({ "ScheduleGroups": groups.collect::<Vec<_>>() }))
    }
}
