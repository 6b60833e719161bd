use storage::rusqlite::{self, Connection, params};

use super::{row, run};

/// Events that happened together, as JSON text; the id of the first.
pub(crate) type Chunk = (i64, String);

pub(crate) fn append(db: &Connection, execution: i64, first: i64, events: &str) -> rusqlite::Result<usize> {
    run(
        db,
        "INSERT INTO history (execution, first, events) VALUES (?1, ?2, ?3)",
        params![execution, first, events],
    )
}

/// The chunk that holds an event.
pub(crate) fn holding(db: &Connection, execution: i64, event: i64) -> rusqlite::Result<Option<Chunk>> {
    row(
        db,
        "SELECT first, events FROM history WHERE execution = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
        params![execution, event],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Chunks from the one that holds `from` on, oldest first, until `enough` says so.
pub(crate) fn forward(
    db: &Connection,
    execution: i64,
    from: i64,
    mut enough: impl FnMut(&Chunk) -> bool,
) -> rusqlite::Result<Vec<Chunk>> {
    let start: i64 = db
        .prepare_cached("SELECT ifnull(max(first), 0) FROM history WHERE execution = ?1 AND first <= ?2")?
        .query_row(params![execution, from], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT first, events FROM history WHERE execution = ?1 AND first >= ?2 ORDER BY first",
    )?;
    let mut found = Vec::new();
    for chunk in statement.query_map(params![execution, start], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let chunk = chunk?;
        let done = enough(&chunk);
        found.push(chunk);
        if done {
            break;
        }
    }
    Ok(found)
}

/// Chunks from the one that holds `from` backwards, newest first.
pub(crate) fn backward(
    db: &Connection,
    execution: i64,
    from: i64,
    mut enough: impl FnMut(&Chunk) -> bool,
) -> rusqlite::Result<Vec<Chunk>> {
    let mut statement = db.prepare_cached(
        "SELECT first, events FROM history WHERE execution = ?1 AND first <= ?2 ORDER BY first DESC",
    )?;
    let mut found = Vec::new();
    for chunk in statement.query_map(params![execution, from], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let chunk = chunk?;
        let done = enough(&chunk);
        found.push(chunk);
        if done {
            break;
        }
    }
    Ok(found)
}
