//! Moving dead letters back, in the background, across restarts.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::attributes::count;
use super::{Sqs, error};
use crate::AwsError;
use crate::service::set;

/// Messages that are moved in one transaction.
const BATCH: i64 = 100;
/// The most that AWS moves in a second.
const FASTEST: i64 = 500;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMove {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CancelMove {
    task_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMoves {
    source_arn: String,
    max_results: Option<i64>,
}

#[derive(Debug, Clone)]
struct Move {
    handle: String,
    source: i64,
    destination: Option<i64>,
    rate: Option<i64>,
    status: String,
    moved: i64,
    total: i64,
    started: i64,
    failure: Option<String>,
}

const COLUMNS: &str = "handle, source, destination, rate, status, moved, total, started, failure";

fn read(row: &Row<'_>) -> Result<Move, rusqlite::Error> {
    Ok(Move {
        handle: row.get(0)?,
        source: row.get(1)?,
        destination: row.get(2)?,
        rate: row.get(3)?,
        status: row.get(4)?,
        moved: row.get(5)?,
        total: row.get(6)?,
        started: row.get(7)?,
        failure: row.get(8)?,
    })
}

fn running(connection: &Connection, source: Option<i64>) -> Result<Option<Move>, rusqlite::Error> {
    let select = format!(
        "SELECT {COLUMNS} FROM message_moves WHERE status = 'RUNNING' AND (?1 IS NULL OR source = ?1) ORDER BY started LIMIT 1"
    );
    connection
        .prepare_cached(&select)?
        .query_row([source], read)
        .optional()
}

fn no_such(what: &str) -> AwsError {
    AwsError::not_found(format!(
        "The resource that you specified for the {what} parameter doesn't exist."
    ))
}

impl Sqs {
    pub(super) async fn start_message_move_task(&self, request: StartMove) -> Result<Value, AwsError> {
        let source = self
            .of_arn(&request.source_arn)
            .ok_or_else(|| no_such("SourceArn"))?;
        let destination = match &request.destination_arn {
            Some(arn) => Some(self.of_arn(arn).ok_or_else(|| no_such("DestinationArn"))?.id),
            None => None,
        };
        let dead = |arn: &str| self.named_dead_letter_queue(arn);
        if !dead(&request.source_arn) {
            return Err(error::invalid_value(
                "Source queue must be configured as a Dead Letter Queue.",
            ));
        }
        let rate = request.max_number_of_messages_per_second;
        if rate.is_some_and(|rate| !(1..=FASTEST).contains(&rate)) {
            return Err(error::invalid_value(format!(
                "MaxNumberOfMessagesPerSecond must be from 1 to {FASTEST}."
            )));
        }
        let (handle, now, source) = (Uuid::new_v4().to_string(), self.now(), source.id);
        let row = handle.clone();
        let started = self.write(move |connection| {
            if running(connection, Some(source))?.is_some() {
                return Ok(false);
            }
            let total = count(connection, source, now)?.visible;
            connection.execute(
                "INSERT INTO message_moves (handle, source, destination, rate, status, total, started)
                 VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6)",
                params![row, source, destination, rate, total, now],
            )?;
            Ok(true)
        });
        if !started.await? {
            let message = "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
            return Err(AwsError::sender("UnsupportedOperation", message));
        }
        self.moves.notify_one();
        Ok(json!({ "TaskHandle": handle }))
    }

    fn named_dead_letter_queue(&self, arn: &str) -> bool {
        let queues = self
            .queues
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        queues
            .values()
            .any(|queue| queue.redrive().is_some_and(|redrive| redrive.target == arn))
    }

    pub(super) async fn cancel_message_move_task(&self, request: CancelMove) -> Result<Value, AwsError> {
        let handle = request.task_handle;
        let cancelled = self.write(move |connection| {
            let update = "UPDATE message_moves SET status = 'CANCELLED' WHERE handle = ?1 AND status = 'RUNNING' RETURNING moved";
            connection.query_row(update, [handle], |row| row.get::<_, i64>(0)).optional()
        });
        match cancelled.await? {
            Some(moved) => Ok(json!({ "ApproximateNumberOfMessagesMoved": moved })),
            None => Err(AwsError::not_found("There is no running task with this handle.")),
        }
    }

    pub(super) async fn list_message_move_tasks(&self, request: ListMoves) -> Result<Value, AwsError> {
        let source = self
            .of_arn(&request.source_arn)
            .ok_or_else(|| no_such("SourceArn"))?
            .id;
        let limit = request.max_results.unwrap_or(1).clamp(1, 10);
        let read_all = self.storage.read(move |connection| {
            let select = format!(
                "SELECT {COLUMNS} FROM message_moves WHERE source = ?1 ORDER BY started DESC LIMIT ?2"
            );
            let mut statement = connection.prepare_cached(&select)?;
            statement
                .query_map([source, limit], read)?
                .collect::<Result<Vec<_>, _>>()
        });
        let results = read_all.await?.into_iter().map(|task| {
            let arn = |id: i64| self.by_id(id).map(|queue| self.arn(&queue.name));
            let mut told = json!({
                "Status": task.status,
                "SourceArn": request.source_arn,
                "ApproximateNumberOfMessagesMoved": task.moved,
                "ApproximateNumberOfMessagesToMove": task.total,
                "StartedTimestamp": task.started,
            });
            let mut put = |name: &str, value: Option<Value>| {
                if let Some(value) = value {
                    set(&mut told, name, value);
                }
            };
            put(
                "TaskHandle",
                (task.status == "RUNNING").then(|| json!(task.handle)),
            );
            put("DestinationArn", task.destination.and_then(arn).map(Value::from));
            put("MaxNumberOfMessagesPerSecond", task.rate.map(Value::from));
            put("FailureReason", task.failure.map(Value::from));
            told
        });
        Ok(json!({ "Results": results.collect::<Vec<_>>() }))
    }

    /// Moves messages for ever, as tasks ask for it.
    pub(crate) async fn run_moves(self: Arc<Self>) {
        loop {
            match self.move_some().await {
                Ok(Some(pause)) => tokio::time::sleep(pause).await,
                Ok(None) => self.moves.notified().await,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot move messages");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// The next messages of the oldest task. `None`: there is no task.
    async fn move_some(&self) -> Result<Option<Duration>, AwsError> {
        let now = self.now();
        let moved = self.write(move |connection| {
            let Some(task) = running(connection, None)? else {
                return Ok(None);
            };
            let queues = step(connection, &task, now)?;
            Ok(Some((task.rate, queues)))
        });
        let Some((rate, queues)) = moved.await? else {
            return Ok(None);
        };
        queues.into_iter().for_each(|queue| self.arrived(queue));
        Ok(Some(match rate {
            Some(_) => Duration::from_secs(1),
            None => Duration::ZERO,
        }))
    }
}

/// Moves some messages; the task is done when none is left. Gives the queues that have got some.
fn step(connection: &Connection, task: &Move, now: i64) -> Result<Vec<i64>, rusqlite::Error> {
    let limit = task.rate.unwrap_or(BATCH).min(FASTEST);
    let mut select = connection.prepare_cached(
        "SELECT seq, COALESCE(?3, source) FROM messages WHERE queue = ?1 AND visible <= ?2 AND seq > 0
         ORDER BY seq LIMIT ?4",
    )?;
    let rows = select.query_map(params![task.source, now, task.destination, limit], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let (mut queues, mut moved) = (Vec::new(), 0);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    for (seq, queue) in &rows {
        let Some(queue) = *queue else {
            return finish(
                connection,
                task,
                "FAILED",
                Some("A message has no queue that it came from."),
            )
            .map(|()| queues);
        };
        let there: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM queues WHERE id = ?1)",
            [queue],
            |row| row.get(0),
        )?;
        if !there {
            return finish(
                connection,
                task,
                "FAILED",
                Some("The queue of a message is gone."),
            )
            .map(|()| queues);
        }
        connection
            .prepare_cached(
                "UPDATE messages SET queue = ?1, visible = ?2, sent = ?2, receives = 0, first_received = NULL, source = NULL
                 WHERE seq = ?3",
            )?
            .execute(params![queue, now, seq])?;
        moved += 1;
        if !queues.contains(&queue) {
            queues.push(queue);
        }
    }
    connection.execute(
        "UPDATE message_moves SET moved = moved + ?1 WHERE handle = ?2",
        params![moved, task.handle],
    )?;
    if rows.is_empty() || task.moved + moved >= task.total {
        finish(connection, task, "COMPLETED", None)?;
    }
    Ok(queues)
}

fn finish(
    connection: &Connection,
    task: &Move,
    status: &str,
    failure: Option<&str>,
) -> Result<(), rusqlite::Error> {
    connection
        .execute(
            "UPDATE message_moves SET status = ?1, failure = ?2 WHERE handle = ?3",
            params![status, failure, task.handle],
        )
        .map(drop)
}
