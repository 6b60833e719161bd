use storage::rusqlite::{self, Connection, params};

use super::row;

/// The interpreter's command for a Map run under way.
pub(crate) fn command(db: &Connection, execution: i64, task: u32) -> rusqlite::Result<Option<String>> {
    row(
        db,
        "SELECT command FROM map_runs WHERE execution = ?1 AND task = ?2",
        params![execution, task],
        |row| row.get(0),
    )
}
