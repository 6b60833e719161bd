//! Brings the write-ahead log to the disk for all commits that wait for it, once for many.
//!
//! The engine commits without syncing (`synchronous = NORMAL`: SQLite syncs before and after each checkpoint, so the file
//! is always whole). A commit is answered after the next sync of the log that begins after it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use crate::AwsError;

type Waiting = oneshot::Sender<Result<(), AwsError>>;

pub(super) struct Sync(Sender<Waiting>);

impl Sync {
    /// Of the log beside `database`, which must be open.
    pub(super) fn start(database: &Path) -> io::Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        let log = File::open(name)?;
        let (sender, receiver) = channel();
        thread::Builder::new()
            .name("dynamodb-sync".to_owned())
            .spawn(move || run(&log, &receiver))?;
        Ok(Self(sender))
    }

    /// Waits until everything that was committed is on the disk.
    pub(super) async fn reached(&self) -> Result<(), AwsError> {
        let (sender, receiver) = oneshot::channel();
        let gone = || AwsError::internal("the disk cannot be written any more; start again");
        self.0.send(sender).map_err(|_| gone())?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn run(log: &File, waiting: &Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let all: Vec<Waiting> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let synced = log.sync_data();
        for one in all {
            let answer = synced
                .as_ref()
                .map(|done| *done)
                .map_err(|e| AwsError::internal(format!("the disk failed: {e}")));
            // Nobody waits any more: the commit stays.
            let _ = one.send(answer);
        }
        if let Err(error) = synced {
            // The system may have dropped what it could not write: a later sync that succeeds would prove nothing.
            tracing::error!(error = %error, "the disk failed; no more writes are taken");
            return;
        }
    }
}
