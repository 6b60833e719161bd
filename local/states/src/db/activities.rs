use storage::rusqlite::{self, Connection, params};

use super::{row, rows, run};

/// A task that no worker took yet.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) id: i64,
    pub(crate) execution: i64,
    pub(crate) task: u32,
    pub(crate) input: String,
}

/// When it was created, also if that was before.
pub(crate) fn create(db: &Connection, name: &str, now: i64) -> rusqlite::Result<i64> {
    run(
        db,
        "INSERT INTO activities (name, created) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![name, now],
    )?;
    created(db, name).map(|created| created.unwrap_or(now))
}

pub(crate) fn created(db: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    row(
        db,
        "SELECT created FROM activities WHERE name = ?1",
        [name],
        |row| row.get(0),
    )
}

pub(crate) fn remove(db: &Connection, name: &str, arn: &str) -> rusqlite::Result<()> {
    run(db, "DELETE FROM activities WHERE name = ?1", [name])?;
    run(db, "DELETE FROM activity_tasks WHERE activity = ?1", [arn]).map(drop)
}

/// Names and times of creation, in the order of the names, after one.
pub(crate) fn listed(db: &Connection, after: &str, limit: usize) -> rusqlite::Result<Vec<(String, i64)>> {
    rows(
        db,
        "SELECT name, created FROM activities WHERE name > ?1 ORDER BY name LIMIT ?2",
        params![after, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The oldest tasks of an activity.
pub(crate) fn offered(db: &Connection, activity: &str, limit: usize) -> rusqlite::Result<Vec<Offered>> {
    rows(
        db,
        "SELECT id, execution, task, input FROM activity_tasks WHERE activity = ?1 ORDER BY id LIMIT ?2",
        params![activity, limit],
        |row| {
            Ok(Offered {
                id: row.get(0)?,
                execution: row.get(1)?,
                task: row.get(2)?,
                input: row.get(3)?,
            })
        },
    )
}

pub(crate) fn offer(
    db: &Connection,
    activity: &str,
    execution: i64,
    task: u32,
    input: &str,
) -> rusqlite::Result<usize> {
    run(
        db,
        "INSERT INTO activity_tasks (activity, execution, task, input) VALUES (?1, ?2, ?3, ?4)",
        params![activity, execution, task, input],
    )
}

pub(crate) fn taken(db: &Connection, id: i64) -> rusqlite::Result<usize> {
    run(db, "DELETE FROM activity_tasks WHERE id = ?1", [id])
}

/// Forgets tasks of executions that were in memory only.
pub(crate) fn forget_lost(db: &Connection) -> rusqlite::Result<usize> {
    run(db, "DELETE FROM activity_tasks WHERE execution < 0", [])
}
