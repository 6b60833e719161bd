//! The tables: every statement stands here.

pub(crate) mod activities;
pub(crate) mod executions;
pub(crate) mod history;
pub(crate) mod machines;
pub(crate) mod map_runs;
pub(crate) mod outbox;
pub(crate) mod steps;

use std::fmt;
use std::sync::Arc;

use storage::rusqlite::{self, Connection, OptionalExtension, params};
use storage::{Storage, StorageError};

use crate::error::{Error, Result};

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// Lets a test end the process, as it were, at a write.
pub trait Faults: fmt::Debug + Send + Sync {
    fn next_write(&self) -> Fault;

    /// A write that was made is on the disk, or was refused by it.
    fn written(&self);
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is made.
    None,
    /// The process ends before it is on the disk: it is never answered.
    Before,
    /// The process ends when it is on the disk: it is never answered.
    After,
    /// The disk refuses it.
    Refused,
}

#[derive(Debug, Clone)]
pub(crate) struct Db {
    storage: Storage,
    faults: Option<Arc<dyn Faults>>,
}

impl Db {
    pub(crate) fn new(storage: Storage, faults: Option<Arc<dyn Faults>>) -> Self {
        Self { storage, faults }
    }

    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let fault = self
            .faults
            .as_ref()
            .map_or(Fault::None, |faults| faults.next_write());
        match fault {
            Fault::None => {
                let written = self.storage.write(change).await;
                if let Some(faults) = &self.faults {
                    faults.written();
                }
                written.map_err(Error::Storage)
            }
            Fault::Refused => Err(Error::Storage(StorageError::Closed)),
            Fault::Before => std::future::pending().await,
            Fault::After => {
                let _ = self.storage.write(change).await;
                if let Some(faults) = &self.faults {
                    faults.written();
                }
                std::future::pending().await
            }
        }
    }

    pub(crate) async fn read<T, F>(&self, look: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.storage.read(look).await.map_err(Error::Storage)
    }

    /// Removes what executions left that were in memory when the process ended.
    pub(crate) async fn forget_lost(&self) -> Result<()> {
        let lost = |db: &Connection| {
            db.query_row(
                "SELECT EXISTS (SELECT 1 FROM activity_tasks WHERE execution < 0)",
                [],
                |row| row.get::<_, bool>(0),
            )
        };
        if self.read(lost).await? {
            self.write(activities::forget_lost).await?;
        }
        Ok(())
    }

    /// A setting that is made once and then stays.
    pub(crate) async fn setting(&self, name: &'static str, made: Vec<u8>) -> Result<Vec<u8>> {
        self.write(move |db| {
            db.execute(
                "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![name, made],
            )?;
            db.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| {
                row.get(0)
            })
        })
        .await
    }
}

/// The rows of a query.
pub(crate) fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(params, read)?.collect()
}

/// The only row of a query, if there is one.
pub(crate) fn row<T>(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    db.prepare_cached(sql)?.query_row(params, read).optional()
}

pub(crate) fn run(db: &Connection, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<usize> {
    db.prepare_cached(sql)?.execute(params)
}
