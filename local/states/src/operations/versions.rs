//! Versions: what a machine was when it was published.

use storage::rusqlite::{self, Connection, params};

use super::body::Body;
use crate::db::machines::MachineRow;
use crate::db::{row, run};
use crate::error::AwsError;

/// A version that a request asks to publish.
#[derive(Debug)]
pub(crate) struct NewVersion {
    pub(crate) description: Option<String>,
}

/// Whether a request that creates or updates a machine also publishes a version.
pub(crate) fn asked(body: Body<'_>) -> Result<Option<NewVersion>, AwsError> {
    let description = body.short("versionDescription", 256)?;
    match (body.flag("publish")?.unwrap_or(false), description) {
        (true, description) => Ok(Some(NewVersion { description })),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(AwsError::validation(
            "Version description can only be set when publish is true",
        )),
    }
}

/// The machine as it shall be, with a new version of it if one is asked for.
pub(crate) fn publish_with(
    db: &Connection,
    mut machine: MachineRow,
    version: Option<NewVersion>,
    now: i64,
) -> rusqlite::Result<Result<(MachineRow, Option<i64>), ()>> {
    let Some(version) = version else {
        return Ok(Ok((machine, None)));
    };
    // A new machine gets its id here.
    let id = crate::db::machines::put(db, &machine)?.id;
    machine.last_version += 1;
    run(
        db,
        "INSERT INTO versions (machine, number, definition, role, revision, configuration, description, created) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id,
            machine.last_version,
            machine.definition,
            machine.role,
            machine.revision,
            machine.configuration,
            version.description,
            now
        ],
    )?;
    let number = machine.last_version;
    Ok(Ok((machine, Some(number))))
}

/// The newest version that is like the machine now.
pub(crate) fn latest_of(db: &Connection, machine: &MachineRow) -> rusqlite::Result<Option<i64>> {
    row(
        db,
        "SELECT max(number) FROM versions WHERE machine = ?1 AND definition = ?2",
        params![machine.id, machine.definition],
        |row| row.get(0),
    )
    .map(Option::flatten)
}

pub(crate) fn remove_all(db: &Connection, machine: i64) -> rusqlite::Result<()> {
    run(db, "DELETE FROM versions WHERE machine = ?1", [machine])?;
    run(db, "DELETE FROM aliases WHERE machine = ?1", [machine]).map(drop)
}
