//! Copies of the data folder: made while the platform runs, of one instant.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use runtime::clock;
use serde::{Deserialize, Serialize};
use storage::rusqlite::backup::Backup;
use storage::rusqlite::{Connection, OpenFlags};

use crate::data::DataFolder;

/// The databases of a data folder.
pub const DATABASES: [&str; 3] = ["aws/tables.db", "aws/services.db", "aws/states.db"];
/// Its other files: what is made once and never changed.
const FILES: [&str; 1] = ["secrets.json"];
const MANIFEST: &str = "backup.json";
/// Files of attachments and archives.
pub(crate) const OBJECTS: &str = "aws/objects";
const FORMAT: u32 = 1;
/// For whoever is just writing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a backup says of itself. Written last: a backup without it is not whole.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    version: String,
    made_at: jiff::Timestamp,
}

/// What was done, for its reader.
#[derive(Debug)]
pub struct Made {
    folder: PathBuf,
    bytes: u64,
    restored: bool,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.restored {
            "Restored to"
        } else {
            "Backup made in"
        };
        write!(f, "{what} {} ({} KiB)", self.folder.display(), self.bytes / 1024)
    }
}

/// Makes a backup in a new folder. All databases are as they were at one instant, as a power cut would have left them.
pub fn make(data: &Path, folder: &Path) -> Result<Made> {
    ensure!(
        data.join("secrets.json").exists(),
        "there is no data in {}",
        data.display()
    );
    new_folder(folder)?;
    let readers = snapshot(data)?;
    let mut bytes = 0;
    for (name, reader) in DATABASES.iter().zip(&readers) {
        let to = folder.join(name);
        copy_database(reader, &to).with_context(|| format!("cannot copy {name}"))?;
        bytes += fs::metadata(&to)?.len();
    }
    drop(readers);
    for name in FILES {
        bytes += copy_file(&data.join(name), &folder.join(name))?;
    }
    // Objects are never changed, and are there before a row names them.
    bytes += copy_folder(&data.join(OBJECTS), &folder.join(OBJECTS))?;
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: clock::now(),
    };
    crate::secrets::write_private(&folder.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?)?;
    Ok(Made {
        folder: folder.to_owned(),
        bytes,
        restored: false,
    })
}

/// Makes a data folder of a backup. What is there already is not touched.
pub fn restore(folder: &Path, data: &Path) -> Result<Made> {
    let manifest = fs::read(folder.join(MANIFEST))
        .with_context(|| format!("{} is not a whole backup", folder.display()))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).context("cannot read the backup's description")?;
    ensure!(
        manifest.format == FORMAT,
        "the backup is of format {}, made by version {}; this version reads format {FORMAT}",
        manifest.format,
        manifest.version
    );
    for name in DATABASES {
        check_database(&folder.join(name)).with_context(|| format!("the backup's {name} is damaged"))?;
    }
    let _held = DataFolder::take(data)?;
    if data.join("secrets.json").exists() || data.join("aws").exists() {
        bail!(
            "{} holds data already: restore to another folder, or move it away first",
            data.display()
        );
    }
    fs::create_dir(data.join("aws"))?;
    let mut bytes = copy_folder(&folder.join(OBJECTS), &data.join(OBJECTS))?;
    for name in DATABASES {
        bytes += copy_file(&folder.join(name), &data.join(name))?;
    }
    // Last: without it there is no installation.
    for name in FILES {
        bytes += copy_file(&folder.join(name), &data.join(name))?;
    }
    Ok(Made {
        folder: data.to_owned(),
        bytes,
        restored: true,
    })
}

/// Connections that all see the databases as they are at one instant: nobody writes to any of them while the views are
/// opened.
fn snapshot(data: &Path) -> Result<Vec<Connection>> {
    let mut holding = Vec::new();
    for name in DATABASES {
        let path = data.join(name);
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .with_context(|| format!("cannot open {}", path.display()))?;
        connection.busy_timeout(PATIENCE)?;
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .with_context(|| format!("cannot hold {name}"))?;
        holding.push(connection);
    }
    let mut readers = Vec::new();
    for name in DATABASES {
        let connection = Connection::open_with_flags(data.join(name), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema")?;
        readers.push(connection);
    }
    for connection in holding {
        connection.execute_batch("ROLLBACK")?;
    }
    Ok(readers)
}

fn copy_database(reader: &Connection, to: &Path) -> Result<()> {
    let mut target = Connection::open(to)?;
    Backup::new(reader, &mut target)?.run_to_completion(1024, Duration::ZERO, None)?;
    // One file, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    drop(target);
    check_database(to)?;
    fs::File::open(to)?.sync_all()?;
    Ok(())
}

/// Whether a database is whole.
pub fn check_database(path: &Path) -> Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    ensure!(found == "ok", "{found}");
    Ok(())
}

fn new_folder(folder: &Path) -> Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!(
                "{} is there already: a backup is made in a new folder",
                folder.display()
            )
        }
        Err(error) => return Err(error).with_context(|| format!("cannot create {}", folder.display())),
    }
    fs::create_dir(folder.join("aws"))?;
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<u64> {
    let bytes =
        fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    fs::File::open(to)?.sync_all()?;
    Ok(bytes)
}

/// Nothing where there is no such folder.
fn copy_folder(from: &Path, to: &Path) -> Result<u64> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", from.display())),
    };
    fs::create_dir_all(to)?;
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let to = to.join(entry.file_name());
        bytes += match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &to)?,
            false => copy_file(&entry.path(), &to)?,
        };
    }
    fs::File::open(to)?.sync_all()?;
    Ok(bytes)
}
