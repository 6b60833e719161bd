//! What can go wrong with a database file, in words that say what to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Shared by all writes that one commit would have brought to the disk, hence `Clone`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    #[error("the disk is full: free some space, then try again")]
    Full(#[source] Arc<rusqlite::Error>),
    #[error("the database cannot be written: the file, its folder or the file system is read-only")]
    ReadOnly(#[source] Arc<rusqlite::Error>),
    #[error("the database is damaged: restore it from a backup")]
    Corrupt(#[source] Arc<rusqlite::Error>),
    #[error("another program has locked the database")]
    Locked(#[source] Arc<rusqlite::Error>),
    #[error("the disk failed to read or write")]
    Disk(#[source] Arc<rusqlite::Error>),
    /// The statement's own fault: a constraint, a type, a row that is not there.
    #[error("a statement failed: {0}")]
    Statement(Arc<rusqlite::Error>),
    #[error("cannot open the database {}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: Box<StorageError>,
    },
    #[error("cannot use the folder {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: Arc<std::io::Error>,
    },
    /// What follows was acknowledged, and cannot be read any more.
    #[error("the log {} is damaged: restore the database from a backup, or move the log away and lose what was written last", path.display())]
    Log { path: PathBuf },
    #[error("a change was given up, because its code failed")]
    Abandoned,
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let error = Arc::new(error);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(error)
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(error),
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error),
            _ => Self::Statement(error),
        }
    }
}

pub(crate) fn opening(path: &Path, error: rusqlite::Error) -> StorageError {
    StorageError::Open {
        path: path.to_owned(),
        source: Box::new(error.into()),
    }
}
