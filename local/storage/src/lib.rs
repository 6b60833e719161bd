//! Durable storage of the one-machine home: SQLite with one writer and group commit.
//!
//! What [`Storage::write`] has answered is on the disk: its commit was synced (`synchronous = FULL`). All writes that
//! wait at the same time share one commit, so that a slow disk costs one sync for many of them.

mod error;
pub mod log;
mod readers;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

pub use error::StorageError;
pub use rusqlite;
pub use writer::Counts;

use readers::Readers;
use writer::Writer;

/// A database file. Clones share it; it is closed with the last of them.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    writer: Writer,
    readers: Readers,
    path: PathBuf,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Storage").field(&self.0.path).finish()
    }
}

impl Storage {
    /// Opens the file, or makes it. `schema` is run at each opening and must change nothing where it was run before.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or is not a whole database, or the schema cannot be applied.
    pub fn open(path: &Path, schema: &str) -> Result<Self, StorageError> {
        // Each commit was synced before the next was begun: of what was not, there is one at most.
        check_log(path, 1)?;
        let connection = Connection::open(path).map_err(|e| error::opening(path, e))?;
        prepare(&connection, schema).map_err(|e| error::opening(path, e))?;
        sync_folder(path)?;
        Ok(Self(Arc::new(Inner {
            writer: Writer::start(connection).map_err(|source| StorageError::Folder {
                path: path.to_owned(),
                source: Arc::new(source),
            })?,
            readers: Readers::new(path),
            path: path.to_owned(),
        })))
    }

    /// Runs `change` in a transaction and answers when it is on the disk. An error undoes this change alone; the others
    /// of the same transaction stay. A change that was handed over is made, whether or not its answer is waited for.
    ///
    /// `change` must leave transactions alone. Statements are best prepared by `prepare_cached`.
    ///
    /// # Errors
    ///
    /// What `change` gave, or what kept the transaction from the disk.
    pub async fn write<T, F>(&self, change: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.0.writer.submit(change, move |result| {
            // Nobody waits any more: the change is made all the same.
            let _ = sender.send(result);
        })?;
        receiver.await.unwrap_or(Err(StorageError::Closed))
    }

    /// [`Self::write`] for a thread that may block.
    ///
    /// # Errors
    ///
    /// As [`Self::write`].
    pub fn write_blocking<T, F>(&self, change: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.0.writer.submit(change, move |result| {
            let _ = sender.send(result);
        })?;
        receiver.recv().unwrap_or(Err(StorageError::Closed))
    }

    /// Runs `look` on a connection that cannot write. It sees every write that was answered before.
    ///
    /// # Errors
    ///
    /// What `look` gave, or the file cannot be opened once more.
    pub async fn read<T, F>(&self, look: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        self.0.readers.run(look).await
    }

    /// A consistent copy of the database as it is now, in a new file; writes go on meanwhile.
    ///
    /// # Errors
    ///
    /// The file is there already, or cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StorageError> {
        let name = file.to_string_lossy().into_owned();
        self.read(move |connection| connection.execute("VACUUM INTO ?1", [name]).map(drop))
            .await
    }

    /// How many writes and commits there were since it was opened.
    pub fn counts(&self) -> Counts {
        self.0.writer.counts()
    }

    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

/// Looks at the log of a database that is about to be opened. `unsynced`: how many commits may have been on their way to
/// the disk when the process ended.
///
/// # Errors
///
/// The log is damaged, or cannot be read.
pub fn check_log(database: &Path, unsynced: u64) -> Result<(), StorageError> {
    let path = log::path_of(database);
    let found = log::examine(&path).map_err(|source| StorageError::Folder {
        path: path.clone(),
        source: Arc::new(source),
    })?;
    match found {
        Some(found) if found.lost <= unsynced => {
            if found.lost > 0 {
                tracing::warn!(log = %path.display(), commits = found.lost, "the end of the log was not whole: dropped");
            }
            Ok(())
        }
        _ => Err(StorageError::Log { path }),
    }
}

fn prepare(connection: &Connection, schema: &str) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // After a burst the log is cut back to this size.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.execute_batch(schema)
}

/// So that the new file's name is on the disk, too.
fn sync_folder(path: &Path) -> Result<(), StorageError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StorageError::Folder {
            path: folder.to_owned(),
            source: Arc::new(source),
        })
}

/// A connection that cannot write.
fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}
