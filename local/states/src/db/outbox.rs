use storage::rusqlite::{self, Connection, params};

use super::{rows, run};

/// The end of an execution, for the task that waits for it.
pub(crate) const PARENT: i64 = -1;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Untold {
    pub(crate) id: i64,
    pub(crate) execution: i64,
    /// The code of a status, or [`PARENT`].
    pub(crate) kind: i64,
}

pub(crate) fn put(db: &Connection, execution: i64, kind: i64) -> rusqlite::Result<i64> {
    run(
        db,
        "INSERT INTO outbox (execution, kind) VALUES (?1, ?2)",
        params![execution, kind],
    )?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<Untold>> {
    rows(
        db,
        "SELECT id, execution, kind FROM outbox ORDER BY id",
        [],
        |row| {
            Ok(Untold {
                id: row.get(0)?,
                execution: row.get(1)?,
                kind: row.get(2)?,
            })
        },
    )
}

pub(crate) fn told(db: &Connection, ids: &[i64]) -> rusqlite::Result<()> {
    ids.iter()
        .try_for_each(|id| run(db, "DELETE FROM outbox WHERE id = ?1", [id]).map(drop))
}
