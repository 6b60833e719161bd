use storage::rusqlite::{self, Connection, Row, params};

use super::{row, rows, run};

/// A state machine as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MachineRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) deleted: bool,
    pub(crate) express: bool,
    pub(crate) definition: i64,
    pub(crate) role: String,
    pub(crate) revision: Option<String>,
    /// JSON: logging, tracing, encryption.
    pub(crate) configuration: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) last_version: i64,
}

const COLUMNS: &str = "id, name, deleted, express, definition, role, revision, configuration, created, updated, \
     last_version";

fn read(row: &Row<'_>) -> rusqlite::Result<MachineRow> {
    Ok(MachineRow {
        id: row.get(0)?,
        name: row.get(1)?,
        deleted: row.get(2)?,
        express: row.get(3)?,
        definition: row.get(4)?,
        role: row.get(5)?,
        revision: row.get(6)?,
        configuration: row.get(7)?,
        created: row.get(8)?,
        updated: row.get(9)?,
        last_version: row.get(10)?,
    })
}

/// Also of a deleted one.
pub(crate) fn by_name(db: &Connection, name: &str) -> rusqlite::Result<Option<MachineRow>> {
    let sql = format!("SELECT {COLUMNS} FROM machines WHERE name = ?1");
    row(db, &sql, [name], read)
}

/// In the order of their names, after one.
pub(crate) fn listed(db: &Connection, after: &str, limit: usize) -> rusqlite::Result<Vec<MachineRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM machines WHERE name > ?1 AND NOT deleted ORDER BY name LIMIT ?2");
    rows(db, &sql, params![after, limit], read)
}

/// Inserts or replaces what stands under the name; gives it with its id.
pub(crate) fn put(db: &Connection, machine: &MachineRow) -> rusqlite::Result<MachineRow> {
    let sql = format!(
        "INSERT INTO machines (name, deleted, express, definition, role, revision, configuration, created, updated, \
         last_version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (name) DO UPDATE SET \
         deleted = ?2, express = ?3, definition = ?4, role = ?5, revision = ?6, configuration = ?7, created = ?8, \
         updated = ?9, last_version = ?10 RETURNING {COLUMNS}"
    );
    db.prepare_cached(&sql)?.query_row(
        params![
            machine.name,
            machine.deleted,
            machine.express,
            machine.definition,
            machine.role,
            machine.revision,
            machine.configuration,
            machine.created,
            machine.updated,
            machine.last_version,
        ],
        read,
    )
}

/// The id of a definition's text.
pub(crate) fn define(db: &Connection, digest: &[u8], text: &str) -> rusqlite::Result<i64> {
    run(
        db,
        "INSERT INTO definitions (digest, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![digest, text],
    )?;
    db.prepare_cached("SELECT id FROM definitions WHERE digest = ?1")?
        .query_row([digest], |row| row.get(0))
}

pub(crate) fn definition(db: &Connection, id: i64) -> rusqlite::Result<Option<String>> {
    row(db, "SELECT text FROM definitions WHERE id = ?1", [id], |row| {
        row.get(0)
    })
}

pub(crate) fn tag(db: &Connection, arn: &str, tags: &[(String, String)]) -> rusqlite::Result<()> {
    tags.iter().try_for_each(|(name, value)| {
        run(
            db,
            "INSERT INTO tags (arn, name, value) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = ?3",
            params![arn, name, value],
        )
        .map(drop)
    })
}

pub(crate) fn untag(db: &Connection, arn: &str, names: &[String]) -> rusqlite::Result<()> {
    names.iter().try_for_each(|name| {
        run(
            db,
            "DELETE FROM tags WHERE arn = ?1 AND name = ?2",
            params![arn, name],
        )
        .map(drop)
    })
}

pub(crate) fn untag_all(db: &Connection, arn: &str) -> rusqlite::Result<usize> {
    run(db, "DELETE FROM tags WHERE arn = ?1", [arn])
}

pub(crate) fn tags(db: &Connection, arn: &str) -> rusqlite::Result<Vec<(String, String)>> {
    rows(
        db,
        "SELECT name, value FROM tags WHERE arn = ?1 ORDER BY name",
        [arn],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
