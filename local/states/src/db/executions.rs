use storage::rusqlite::{self, Connection, Row, params};

use super::steps::End;
use super::{row, rows};
use crate::Status;
use crate::token::TaskId;

/// Whether the task that started an execution waits for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    Not,
    /// For input and output as texts.
    Text,
    /// For input and output as JSON.
    Json,
}

impl Waits {
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Not => 0,
            Self::Text => 1,
            Self::Json => 2,
        }
    }

    fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Text,
            2 => Self::Json,
            _ => Self::Not,
        }
    }
}

/// What is told of an execution.
#[derive(Debug, Clone)]
pub(crate) struct ExecutionRow {
    pub(crate) id: i64,
    pub(crate) machine: String,
    pub(crate) name: String,
    pub(crate) express: bool,
    pub(crate) definition: i64,
    pub(crate) role: String,
    pub(crate) status: Status,
    pub(crate) started: i64,
    pub(crate) stopped: Option<i64>,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) trace: Option<String>,
    pub(crate) redrives: u32,
    pub(crate) redriven: Option<i64>,
    pub(crate) parent: Option<TaskId>,
    pub(crate) waits: Waits,
    pub(crate) input: String,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
}

impl ExecutionRow {
    pub(crate) fn finish(&mut self, end: End) {
        self.status = end.status;
        self.stopped = Some(end.stopped);
        self.output = end.output;
        self.error = end.error;
        self.cause = end.cause;
    }
}

/// What is needed to go on with an execution.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) status: Status,
    pub(crate) machine_name: String,
    pub(crate) express: bool,
    pub(crate) definition: i64,
    pub(crate) parent: Option<TaskId>,
    pub(crate) waits: Waits,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) redriven: Option<i64>,
    pub(crate) calls: Option<String>,
    pub(crate) wake_at: Option<i64>,
    pub(crate) state: Option<Vec<u8>>,
}

const COLUMNS: &str = "e.id, m.name, e.name, m.express, e.definition, m.role, e.status, e.started, e.stopped, \
    e.version, e.alias, e.trace, e.redrives, e.redriven, e.parent, e.parent_task, e.waited_for, \
    e.input, e.output, e.error, e.cause";

pub(super) fn status(code: i64) -> Status {
    Status::from_code(code).unwrap_or(Status::Aborted)
}

pub(super) fn parent(execution: Option<i64>, event: Option<u32>) -> Option<TaskId> {
    Some(TaskId {
        execution: execution?,
        event: event?,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<ExecutionRow> {
    Ok(ExecutionRow {
        id: row.get(0)?,
        machine: row.get(1)?,
        name: row.get(2)?,
        express: row.get(3)?,
        definition: row.get(4)?,
        role: row.get(5)?,
        status: status(row.get(6)?),
        started: row.get(7)?,
        stopped: row.get(8)?,
        version: row.get(9)?,
        alias: row.get(10)?,
        trace: row.get(11)?,
        redrives: row.get(12)?,
        redriven: row.get(13)?,
        parent: parent(row.get(14)?, row.get(15)?),
        waits: Waits::from_code(row.get(16)?),
        input: row.get(17)?,
        output: row.get(18)?,
        error: row.get(19)?,
        cause: row.get(20)?,
    })
}

pub(crate) fn stored(db: &Connection, id: i64) -> rusqlite::Result<Option<Stored>> {
    row(
        db,
        "SELECT e.status, m.name, m.express, e.definition, e.parent, e.parent_task, e.waited_for, \
         e.version, e.alias, e.redriven, e.calls, e.wake_at, e.state FROM executions e JOIN machines m ON m.id = e.machine WHERE e.id = ?1",
        [id],
        |row| {
            Ok(Stored {
                status: status(row.get(0)?),
                machine_name: row.get(1)?,
                express: row.get(2)?,
                definition: row.get(3)?,
                parent: parent(row.get(4)?, row.get(5)?),
                waits: Waits::from_code(row.get(6)?),
                version: row.get(7)?,
                alias: row.get(8)?,
                redriven: row.get(9)?,
                calls: row.get(10)?,
                wake_at: row.get(11)?,
                state: row.get(12)?,
            })
        },
    )
}

pub(crate) fn by_id(db: &Connection, id: i64) -> rusqlite::Result<Option<ExecutionRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM executions e JOIN machines m ON m.id = e.machine WHERE e.id = ?1");
    row(db, &sql, [id], read)
}

pub(crate) fn by_name(db: &Connection, machine: &str, name: &str) -> rusqlite::Result<Option<ExecutionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM machines m JOIN executions e ON e.machine = m.id WHERE m.name = ?1 AND e.name = ?2"
    );
    row(db, &sql, [machine, name], read)
}

/// Which executions a list shall have.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) machine: i64,
    pub(crate) status: Option<Status>,
    pub(crate) redriven: Option<bool>,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
}

/// The newest first, below an id.
pub(crate) fn listed(
    db: &Connection,
    filter: &Filter,
    below: i64,
    limit: usize,
) -> rusqlite::Result<Vec<ExecutionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM executions e JOIN machines m ON m.id = e.machine \
         WHERE e.machine = ?1 AND e.status = ?2 AND e.id < ?3 AND (?4 IS NULL OR (e.redrives > 0) = ?4) \
         AND (?5 IS NULL OR e.version = ?5) AND (?6 IS NULL OR e.alias = ?6) ORDER BY e.id DESC LIMIT ?7"
    );
    let mut found = Vec::new();
    // Each status by itself, because the index has them so.
    for status in Status::ALL {
        if filter.status.is_none_or(|wanted| wanted == status) {
            let params = params![
                filter.machine,
                status.code(),
                below,
                filter.redriven,
                filter.version,
                filter.alias,
                limit
            ];
            found.extend(rows(db, &sql, params, read)?);
        }
    }
    found.sort_by_key(|row| std::cmp::Reverse(row.id));
    found.truncate(limit);
    Ok(found)
}

pub(crate) fn last_id(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT ifnull(max(id), 0) FROM executions", [], |row| row.get(0))
}

/// Executions with calls that were not answered.
pub(crate) fn calling(db: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    rows(
        db,
        "SELECT id, calls FROM executions WHERE calls IS NOT NULL ORDER BY id",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Executions that are due, the one that waits longest first.
pub(crate) fn due(db: &Connection, now: i64, limit: usize) -> rusqlite::Result<Vec<i64>> {
    rows(
        db,
        "SELECT id FROM executions WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2",
        params![now, limit],
        |row| row.get(0),
    )
}

pub(crate) fn next_due(db: &Connection) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT min(wake_at) FROM executions WHERE wake_at IS NOT NULL")?
        .query_row([], |row| row.get(0))
}

/// The children that an execution waits for.
pub(crate) fn running_children(db: &Connection, parent: i64) -> rusqlite::Result<Vec<(i64, u32)>> {
    rows(
        db,
        "SELECT id, parent_task FROM executions WHERE parent = ?1 AND waited_for > 0 AND status = 0",
        [parent],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Running executions of a machine.
pub(crate) fn running(db: &Connection, machine: i64) -> rusqlite::Result<Vec<i64>> {
    rows(
        db,
        "SELECT id FROM executions WHERE machine = ?1 AND status = 0",
        [machine],
        |row| row.get(0),
    )
}

pub(crate) fn any_expired(db: &Connection, before: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM executions WHERE stopped < ?1)")?
        .query_row([before], |row| row.get(0))
}

/// Removes some of those that ended before an instant; gives how many.
pub(crate) fn expire(db: &Connection, before: i64, limit: usize) -> rusqlite::Result<usize> {
    let old: Vec<i64> = rows(
        db,
        "SELECT id FROM executions WHERE stopped < ?1 ORDER BY stopped LIMIT ?2",
        params![before, limit],
        |row| row.get(0),
    )?;
    for id in &old {
        super::steps::remove(db, *id)?;
    }
    Ok(old.len())
}
