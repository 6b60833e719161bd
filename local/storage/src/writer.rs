//! The one thread that writes: everything that waits goes into one transaction, each change in a savepoint of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use crate::StorageError;

/// Changes of one transaction, so that the first does not wait for ever.
const LARGEST_GROUP: usize = 1024;

/// What has become of a change, to be told once the transaction has ended.
type Tell = Box<dyn FnOnce(Result<(), StorageError>) + Send>;
/// Makes the change, or learns that it cannot be made. `Err`: it must be undone.
type Change = Box<dyn FnOnce(Option<&Connection>) -> (Result<(), StorageError>, Tell) + Send>;

/// Since the database was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub writes: u64,
    pub commits: u64,
}

#[derive(Default)]
struct Counters {
    writes: AtomicU64,
    commits: AtomicU64,
}

pub(crate) struct Writer {
    changes: Option<Sender<Change>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let counters = Arc::new(Counters::default());
        let counted = Arc::clone(&counters);
        let thread = thread::Builder::new()
            .name("storage".to_owned())
            .spawn(move || run(&connection, &receiver, &counted))?;
        Ok(Self {
            changes: Some(sender),
            thread: Mutex::new(Some(thread)),
            counters,
        })
    }

    pub(crate) fn submit<T, F, D>(&self, change: F, done: D) -> Result<(), StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
        D: FnOnce(Result<T, StorageError>) + Send + 'static,
    {
        let change: Change = Box::new(move |connection| {
            let result = match connection {
                Some(connection) => catch_unwind(AssertUnwindSafe(|| change(connection)))
                    .map_or(Err(StorageError::Abandoned), |result| {
                        result.map_err(StorageError::from)
                    }),
                None => Err(StorageError::Closed),
            };
            let made = result.as_ref().map(drop).map_err(StorageError::clone);
            let tell: Tell = Box::new(move |committed| done(committed.and(result)));
            (made, tell)
        });
        let sender = self.changes.as_ref().ok_or(StorageError::Closed)?;
        sender.send(change).map_err(|_| StorageError::Closed)
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            writes: self.counters.writes.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    /// Waits until what was handed over is on the disk.
    fn drop(&mut self) {
        self.changes = None;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A change may hold the last clone.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, changes: &Receiver<Change>, counters: &Counters) {
    while let Ok(first) = changes.recv() {
        let more = changes.try_iter().take(LARGEST_GROUP - 1);
        let (told, committed) = group(connection, std::iter::once(first).chain(more));
        let count = u64::try_from(told.len()).unwrap_or(u64::MAX);
        counters.writes.fetch_add(count, Ordering::Relaxed);
        counters.commits.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = &committed {
            tracing::error!(error = %error, cause = ?error, "a transaction failed");
        }
        for tell in told {
            tell(committed.clone());
        }
    }
}

/// Makes the changes in one transaction and brings it to the disk.
fn group(
    connection: &Connection,
    changes: impl Iterator<Item = Change>,
) -> (Vec<Tell>, Result<(), StorageError>) {
    let mut told = Vec::new();
    let mut state = execute(connection, "BEGIN IMMEDIATE");
    for change in changes {
        if state.is_ok() {
            state = execute(connection, "SAVEPOINT change");
        }
        let (made, tell) = change(state.is_ok().then_some(connection));
        told.push(tell);
        if state.is_err() {
            continue;
        }
        state = match made {
            Ok(()) => execute(connection, "RELEASE change"),
            // A full disk ends the whole transaction; then there is no savepoint to go back to.
            Err(error) if connection.is_autocommit() => Err(error),
            Err(_) => {
                execute(connection, "ROLLBACK TO change").and_then(|()| execute(connection, "RELEASE change"))
            }
        };
    }
    if state.is_ok() {
        state = execute(connection, "COMMIT");
    }
    if state.is_err() && !connection.is_autocommit() {
        // Whatever the reason, the next group begins anew.
        let _ = execute(connection, "ROLLBACK");
    }
    (told, state)
}

fn execute(connection: &Connection, statement: &str) -> Result<(), StorageError> {
    connection
        .prepare_cached(statement)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(StorageError::from)
}
