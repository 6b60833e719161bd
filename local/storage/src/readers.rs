//! A few connections that only read, opened when they are needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::{StorageError, error, open_reader};

const READERS: usize = 4;

pub(crate) struct Readers {
    path: PathBuf,
    free: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            free: Arc::default(),
            turns: Arc::new(Semaphore::new(READERS)),
        }
    }

    pub(crate) async fn run<T, F>(&self, look: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| StorageError::Closed)?;
        let (path, free) = (self.path.clone(), Arc::clone(&self.free));
        let read = tokio::task::spawn_blocking(move || {
            // With the work, not with whoever waits for it: a dropped future must not let another one in.
            let _turn = turn;
            let connection = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match connection {
                Some(connection) => connection,
                None => open_reader(&path).map_err(|e| error::opening(&path, e))?,
            };
            let result = look(&connection).map_err(StorageError::from);
            free.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            result
        });
        read.await.unwrap_or(Err(StorageError::Abandoned))
    }
}
