//! The tables' streams: read over the API as anywhere; followed in the process without asking again and again; trimmed.

use std::sync::Arc;
use std::time::Duration;

use dynoxide::DynoxideError;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::{decode_shard_iterator, encode_shard_iterator};
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};

use super::{DynamoDb, dispatch};
use crate::AwsError;

/// Seconds for which AWS keeps a record.
const KEPT_SECONDS: i64 = 24 * 3600;
/// Records that are deleted in one transaction: the engine waits meanwhile.
const TRIM_BATCH: usize = 500;

/// Behind a record of a table's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(i64);

/// What the engine adds to a number before it shows it.
const SHOWN_FROM: u128 = 100_000_000_000_000_000_000;

impl Position {
    /// Behind a record, as Lambda hands it over.
    pub(crate) fn behind(record: &Value) -> Self {
        let number = record.pointer("/dynamodb/SequenceNumber");
        let number = number.and_then(|number| number.as_str()?.parse::<u128>().ok());
        let stored = number.and_then(|number| i64::try_from(number.checked_sub(SHOWN_FROM)?).ok());
        Self(stored.unwrap_or_default())
    }
}

impl From<i64> for Position {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl From<Position> for i64 {
    fn from(position: Position) -> Self {
        position.0
    }
}

/// What was found behind a position, as Lambda hands it over.
#[derive(Debug, Clone, Default)]
pub struct Records {
    pub records: Vec<Value>,
    /// Behind the last of them.
    pub position: Position,
}

impl DynamoDb {
    pub(super) fn get_records(&self, body: &[u8]) -> Result<String, DynoxideError> {
        // For its way to tell errors.
        if serde_json::from_slice::<GetRecordsRequest>(body).is_err() {
            return dispatch(&self.db, "GetRecords", body).unwrap_or_else(|| Ok(String::new()));
        }
        let request =
            serde_json::from_slice(body).map_err(|e| DynoxideError::SerializationException(e.to_string()))?;
        let mut answer = self.db.get_records(request)?;
        for record in &mut answer.records {
            record.aws_region.clone_from(&self.region);
        }
        let mut answer = serde_json::to_value(&answer).map_err(internal)?;
        // The engine writes the members as Lambda's event has them.
        let records = answer.get_mut("Records").and_then(Value::as_array_mut);
        for record in records.into_iter().flatten() {
            if let Some(identity) = record.get_mut("userIdentity") {
                *identity = json!({ "Type": identity["type"], "PrincipalId": identity["principalId"] });
            }
        }
        serde_json::to_string(&answer).map_err(internal)
    }

    /// The records behind a position, at most `limit`. Waits until there are some.
    pub(crate) async fn follow(
        self: &Arc<Self>,
        table: &str,
        after: Position,
        limit: usize,
    ) -> Result<Records, AwsError> {
        let mut changes = self.changes.of(table);
        loop {
            changes.mark_unchanged();
            let (this, table) = (Arc::clone(self), table.to_owned());
            let read = self
                .engine
                .read(move || this.records(&table, after, limit))
                .await?;
            let records = read.map_err(|e| AwsError::internal(e.to_string()))?;
            if !records.records.is_empty() {
                return Ok(records);
            }
            if changes.changed().await.is_err() {
                return Err(AwsError::internal("the endpoint is stopping"));
            }
        }
    }

    /// Where to begin with a table's stream: at its first record, or behind its last. `None`: there is no stream.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        table: &str,
        latest: bool,
    ) -> Result<Option<Position>, AwsError> {
        let (this, table) = (Arc::clone(self), table.to_owned());
        let read = tokio::task::spawn_blocking(move || this.begin_blocking(&table, latest)).await;
        match read {
            Ok(begin) => Ok(begin.map_err(storage::StorageError::from)?),
            Err(_) => Err(AwsError::internal("the engine failed")),
        }
    }

    fn begin_blocking(&self, table: &str, latest: bool) -> Result<Option<Position>, rusqlite::Error> {
        let described = json!({ "TableName": table }).to_string();
        let described = dispatch(&self.db, "DescribeTable", described.as_bytes()).and_then(Result::ok);
        let described: Value = described
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        if described.pointer("/Table/StreamSpecification/StreamEnabled") != Some(&Value::Bool(true)) {
            return Ok(None);
        }
        if !latest {
            return Ok(Some(Position::default()));
        }
        let connection = Connection::open(self.path())?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let last: Option<i64> = connection.query_row(
            "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1",
            [table],
            |row| row.get(0),
        )?;
        Ok(Some(Position(last.unwrap_or_default())))
    }

    fn records(&self, table: &str, after: Position, limit: usize) -> Result<Records, DynoxideError> {
        let shard = dynoxide::streams::shard_id(table);
        let answer = self.db.get_records(GetRecordsRequest {
            shard_iterator: encode_shard_iterator(table, &shard, after.0),
            limit: Some(limit),
        })?;
        let next = answer
            .next_shard_iterator
            .as_deref()
            .and_then(decode_shard_iterator);
        let mut records = Vec::with_capacity(answer.records.len());
        for mut record in answer.records {
            record.aws_region.clone_from(&self.region);
            records.push(serde_json::to_value(record).map_err(internal)?);
        }
        Ok(Records {
            records,
            position: next.map_or(after, |(_, _, position)| Position(position)),
        })
    }

    /// Removes records of a table that all who follow have read, and those that AWS would not keep any longer. The last
    /// one stays: new ones are numbered after it.
    pub(crate) fn trim(&self, table: &str, read: Option<Position>, now: i64) -> Result<(), rusqlite::Error> {
        let connection = Connection::open(self.path())?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let before = now / 1000 - KEPT_SECONDS;
        let read = read.unwrap_or_default().0;
        let mut statement = connection.prepare(
            "DELETE FROM _stream_records WHERE rowid IN (
                 SELECT rowid FROM _stream_records
                 WHERE table_name = ?1
                   AND (CAST(sequence_number AS INTEGER) <= ?2 OR created_at < ?3)
                   AND CAST(sequence_number AS INTEGER) < (
                       SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)
                 ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?4)",
        )?;
        while statement.execute(params![table, read, before, TRIM_BATCH])? == TRIM_BATCH {}
        Ok(())
    }
}

fn internal(error: serde_json::Error) -> DynoxideError {
    DynoxideError::InternalServerError(error.to_string())
}
