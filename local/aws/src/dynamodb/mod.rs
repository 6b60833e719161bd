//! DynamoDB with its streams, by `dynoxide` on disk.

mod changes;
mod engine;
mod operations;
mod streams;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dynoxide::{Database, DynoxideError};
use storage::StorageError;
use storage::rusqlite::{self, Connection};

use crate::AwsError;

pub use operations::{OPERATIONS, dispatch};
pub use streams::{Position, Records};

use changes::Changes;
use engine::Engine;

/// What an operation has answered: a status and a JSON text.
pub(crate) type Answer = (u16, String);

pub(crate) struct DynamoDb {
    db: Database,
    engine: Engine,
    region: String,
    changes: Changes,
    path: PathBuf,
}

/// Without these each write looks through all records of its table's stream.
const STREAM_INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS _stream_records_sequence
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS _stream_records_shard
        ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));";

impl DynamoDb {
    pub(crate) fn open(path: &Path, region: &str) -> Result<Self, OpenError> {
        let name = path.to_str().ok_or(OpenError::Path)?;
        // Many may have been committed, and none of them synced and answered.
        storage::check_log(path, u64::MAX)?;
        dynoxide::storage::Storage::new(name)?
            .conn()
            .execute_batch(STREAM_INDEXES)
            .map_err(StorageError::from)?;
        let db = Database::new(name)?;
        // What it calls the end of bulk loading is `synchronous = NORMAL`.
        db.disable_bulk_loading()?;
        touch(path).map_err(StorageError::from)?;
        let engine = Engine::start(path).map_err(OpenError::Log)?;
        Ok(Self {
            db,
            engine,
            region: region.to_owned(),
            changes: Changes::default(),
            path: path.to_owned(),
        })
    }

    /// `None`: there is no such operation.
    pub(crate) async fn handle(self: &Arc<Self>, operation: &str, body: bytes::Bytes) -> Option<Answer> {
        let operation = *OPERATIONS.iter().find(|known| **known == operation)?;
        let (this, request) = (Arc::clone(self), body.clone());
        let run = move || this.run(operation, &body);
        let ran = if operations::writes(operation) {
            let this = Arc::clone(self);
            let tell = move |answer: &Option<Result<String, DynoxideError>>| {
                if matches!(answer, Some(Ok(_))) {
                    this.changes.tell(&request);
                }
            };
            self.engine.write(run, tell).await
        } else if operation == "GetItem" {
            self.engine.read(run).await
        } else {
            // What may read much must not hold up the others: it takes its turn at the engine's lock.
            let ran = tokio::task::spawn_blocking(run).await;
            match ran {
                Ok(answer) => self.engine.synced().await.map(|()| answer),
                Err(_) => Err(AwsError::internal("the engine failed")),
            }
        };
        let answer = match ran {
            Ok(answer) => answer?,
            Err(error) => Err(DynoxideError::InternalServerError(error.message)),
        };
        Some(match answer {
            Ok(text) => (200, text),
            Err(error) => {
                if error.status_code() == 500 {
                    tracing::error!(
                        operation,
                        error = &error as &dyn std::error::Error,
                        "the tables failed"
                    );
                }
                (error.status_code(), error.to_json())
            }
        })
    }

    fn run(&self, operation: &str, body: &[u8]) -> Option<Result<String, DynoxideError>> {
        match operation {
            "GetRecords" => Some(self.get_records(body)),
            // These name resources; the engine has a region of its own.
            "CreateTable" | "DeleteTable" | "DescribeTable" | "UpdateTable" | "ListStreams"
            | "DescribeStream" | "TagResource" | "UntagResource" | "ListTagsOfResource" => {
                let theirs = format!("arn:aws:dynamodb:{}:", dynoxide::streams::LOCAL_REGION);
                let ours = format!("arn:aws:dynamodb:{}:", self.region);
                let body = String::from_utf8_lossy(body).replace(&ours, &theirs);
                let answer = dispatch(&self.db, operation, body.as_bytes())?;
                Some(answer.map(|text| text.replace(&theirs, &ours)))
            }
            _ => dispatch(&self.db, operation, body),
        }
    }

    /// Removes the items whose time is over.
    pub(crate) fn sweep(&self) -> Result<usize, DynoxideError> {
        let swept = self.db.sweep_ttl()?;
        if swept > 0 {
            self.changes.tell_all();
        }
        Ok(swept)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes something, so that the log is there.
fn touch(path: &Path) -> Result<(), rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the path is not readable text")]
    Path,
    #[error("cannot open the tables")]
    Engine(#[source] Box<DynoxideError>),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("cannot open the tables' log")]
    Log(#[source] std::io::Error),
}

impl From<DynoxideError> for OpenError {
    fn from(error: DynoxideError) -> Self {
        match error {
            DynoxideError::SqliteError(error) => Self::Storage(error.into()),
            other => Self::Engine(Box::new(other)),
        }
    }
}
