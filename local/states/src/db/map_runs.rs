use storage::rusqlite::{self, Connection, params};

use super::{row, rows, run};
use crate::token::TaskId;

/// The interpreter's command for a Map run under way.
pub(crate) fn command(db: &Connection, execution: i64, task: u32) -> rusqlite::Result<Option<String>> {
    row(
        db,
        "SELECT command FROM map_runs WHERE execution = ?1 AND task = ?2",
        params![execution, task],
        |row| row.get(0),
    )
}

/// Notes that a child has ended: with an output, or failed.
pub(crate) fn note(
    db: &Connection,
    of: TaskId,
    item: usize,
    output: Option<&str>,
) -> rusqlite::Result<usize> {
    run(
        db,
        "INSERT OR REPLACE INTO map_items (execution, task, item, output) VALUES (?1, ?2, ?3, ?4)",
        params![of.execution, of.event, item, output],
    )
}

/// Children that have ended, with their outputs.
pub(crate) fn ended(db: &Connection, of: TaskId) -> rusqlite::Result<Vec<(usize, Option<String>)>> {
    rows(
        db,
        "SELECT item, output FROM map_items WHERE execution = ?1 AND task = ?2",
        params![of.execution, of.event],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Forgets the children of a run that has ended.
pub(crate) fn forget(db: &Connection, of: TaskId) -> rusqlite::Result<usize> {
    run(
        db,
        "DELETE FROM map_items WHERE execution = ?1 AND task = ?2",
        params![of.execution, of.event],
    )
}
