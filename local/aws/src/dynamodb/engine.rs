//! The thread that runs the engine, and the one that brings what was written to the disk.
//!
//! The engine is one at a time in any case, so one thread takes all that waits, one after the other, without waking another
//! for each. It commits without syncing (`synchronous = NORMAL`: SQLite syncs before and after each checkpoint, so the file
//! is always whole); a write is answered after the next sync of the log that begins after it. Meanwhile the next are run.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use crate::AwsError;

/// Jobs whose writes are synced together, so that the first does not wait for ever.
const LARGEST_GROUP: usize = 256;

/// Tells what has become of a write, once it is on the disk or cannot be brought there.
type Tell = Box<dyn FnOnce(Result<(), AwsError>) + Send>;
/// Something to do with the engine; what it wrote waits to be told.
type Job = Box<dyn FnOnce() -> Option<Tell> + Send>;

pub(super) struct Engine(Sender<Job>);

impl Engine {
    /// For the database at this path, which must be open: its log is beside it.
    pub(super) fn start(database: &Path) -> io::Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        let log = File::open(name)?;
        let (jobs, waiting) = channel();
        let (written, synced) = channel();
        let start = |name: &str| thread::Builder::new().name(name.to_owned());
        start("dynamodb").spawn(move || run(&waiting, &written))?;
        start("dynamodb-sync").spawn(move || sync(&log, &synced))?;
        Ok(Self(jobs))
    }

    /// Something that writes nothing.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AwsError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Box::new(move || {
            // Nobody waits any more: nothing is lost.
            let _ = sender.send(read());
            None
        }))?;
        receiver
            .await
            .map_err(|_| AwsError::internal("the engine failed"))
    }

    /// Something that may write. Answered when it is on the disk; `then` is called then, also where nobody waits any more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, AwsError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Box::new(move || {
            let result = write();
            Some(Box::new(move |synced| {
                then(&result);
                let _ = sender.send(synced.map(|()| result));
            }))
        }))?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }

    fn submit(&self, job: Job) -> Result<(), AwsError> {
        self.0.send(job).map_err(|_| gone())
    }
}

fn gone() -> AwsError {
    AwsError::internal("the tables cannot be written any more; start again")
}

fn run(jobs: &Receiver<Job>, written: &Sender<Vec<Tell>>) {
    while let Ok(first) = jobs.recv() {
        let group = std::iter::once(first).chain(jobs.try_iter().take(LARGEST_GROUP - 1));
        // A job that panics is answered by its sender's end.
        let ran = group.filter_map(|job| catch_unwind(AssertUnwindSafe(job)).ok().flatten());
        let ran: Vec<Tell> = ran.collect();
        if !ran.is_empty() {
            // Where nothing is synced any more, each is answered by its sender's end; reads go on.
            let _ = written.send(ran);
        }
    }
}

fn sync(log: &File, written: &Receiver<Vec<Tell>>) {
    while let Ok(first) = written.recv() {
        let all = std::iter::once(first).chain(written.try_iter());
        let all: Vec<Tell> = all.flatten().collect();
        let synced = log.sync_data();
        for tell in all {
            tell(
                synced
                    .as_ref()
                    .map(|done| *done)
                    .map_err(|e| AwsError::internal(format!("the disk failed: {e}"))),
            );
        }
        if let Err(error) = synced {
            // The system may have dropped what it could not write: a later sync that succeeds would prove nothing.
            tracing::error!(error = %error, "the disk failed; no more writes are taken");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine whose log can be opened and not synced: a file of a system that has none to sync.
    fn on_a_failing_disk() -> Engine {
        let (jobs, waiting) = channel();
        let (written, synced) = channel();
        let log = File::open("/proc/self/status").unwrap();
        assert!(log.sync_data().is_err());
        thread::spawn(move || run(&waiting, &written));
        thread::spawn(move || sync(&log, &synced));
        Engine(jobs)
    }

    #[tokio::test]
    async fn a_disk_that_fails_ends_the_writes_and_not_the_reads() {
        let engine = on_a_failing_disk();
        for _ in 0..3 {
            engine.write(|| 1, |_| ()).await.unwrap_err();
            assert_eq!(engine.read(|| 2).await.unwrap(), 2);
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_ends_alone() {
        let engine = on_a_failing_disk();
        engine.read::<u8>(|| panic!("told in the log")).await.unwrap_err();
        assert_eq!(engine.read(|| 2).await.unwrap(), 2);
    }
}
