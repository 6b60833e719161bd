//! The thread that runs the engine, and the one that brings what was written to the disk.
//!
//! The engine is one at a time in any case, so one thread takes all that waits, one after the other, without waking another
//! for each. It commits without syncing (`synchronous = NORMAL`: SQLite syncs before and after each checkpoint, so the file
//! is always whole); a write is answered after the next sync of the log that begins after it. Meanwhile the next are run. A
//! read that may have seen such a write is answered with it: nobody is told what a power cut could still undo.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use crate::AwsError;

/// Jobs whose writes are synced together, so that the first does not wait for ever.
const LARGEST_GROUP: usize = 256;

/// Answers, once what was written is on the disk or cannot be brought there.
type Tell = Box<dyn FnOnce(Result<(), AwsError>) + Send>;
/// Something to do with the engine.
type Do = Box<dyn FnOnce() -> Tell + Send>;

enum Job {
    Read(Do),
    Write(Do),
}

/// What was done and is not answered yet.
enum Done {
    Read(Tell),
    Write(Tell),
}

/// What was done together, and whether that may have written.
#[derive(Default)]
struct Group {
    wrote: bool,
    done: Vec<Done>,
}

/// Groups of jobs with writes that are not on the disk yet.
#[derive(Clone, Default)]
struct Unsynced(Arc<AtomicUsize>);

impl Unsynced {
    fn none(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

pub(super) struct Engine {
    jobs: Sender<Job>,
    unsynced: Unsynced,
}

impl Engine {
    /// For the database at this path, which must be open: its log is beside it.
    pub(super) fn start(database: &Path) -> io::Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        let log = File::open(name)?;
        let (jobs, waiting) = channel();
        let (written, synced) = channel();
        let unsynced = Unsynced::default();
        let start = |name: &str| thread::Builder::new().name(name.to_owned());
        let of_run = unsynced.clone();
        start("dynamodb").spawn(move || run(&waiting, &written, &of_run))?;
        let of_sync = unsynced.clone();
        start("dynamodb-sync").spawn(move || sync(&log, synced, &of_sync))?;
        Ok(Self { jobs, unsynced })
    }

    /// Something that writes nothing.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AwsError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Job::Read(Box::new(move || {
            let result = read();
            Box::new(move |synced| {
                // Nobody waits any more: nothing is lost.
                let _ = sender.send(synced.map(|()| result));
            })
        })))?;
        receiver
            .await
            .unwrap_or_else(|_| Err(AwsError::internal("the engine failed")))
    }

    /// Waits until what another thread has read of the database is on the disk.
    pub(super) async fn synced(&self) -> Result<(), AwsError> {
        if self.unsynced.none() {
            return Ok(());
        }
        self.read(|| ()).await
    }

    /// Something that may write. Answered when it is on the disk; `then` is called then, also where nobody waits any more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, AwsError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Job::Write(Box::new(move || {
            let result = write();
            Box::new(move |synced| {
                then(&result);
                let _ = sender.send(synced.map(|()| result));
            })
        })))?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }

    fn submit(&self, job: Job) -> Result<(), AwsError> {
        self.jobs.send(job).map_err(|_| gone())
    }
}

fn gone() -> AwsError {
    AwsError::internal("the tables cannot be written any more; start again")
}

fn run(jobs: &Receiver<Job>, written: &Sender<Group>, unsynced: &Unsynced) {
    while let Ok(first) = jobs.recv() {
        let group = std::iter::once(first).chain(jobs.try_iter().take(LARGEST_GROUP - 1));
        let group = run_group(group, unsynced);
        if !group.wrote && group.done.is_empty() {
            continue;
        }
        if let Err(SendError(group)) = written.send(group) {
            // Nothing is synced any more: a write is answered by its sender's end, and reads go on.
            for done in group.done {
                if let Done::Read(tell) = done {
                    tell(Ok(()));
                }
            }
        }
    }
}

/// Runs jobs; gives those whose answer has to wait.
fn run_group(jobs: impl Iterator<Item = Job>, unsynced: &Unsynced) -> Group {
    let mut group = Group::default();
    for job in jobs {
        // A job that panics is answered by its sender's end.
        match job {
            Job::Write(job) => {
                if !group.wrote {
                    // Before anybody can see what it writes.
                    unsynced.0.fetch_add(1, Ordering::SeqCst);
                    group.wrote = true;
                }
                let done = catch_unwind(AssertUnwindSafe(job));
                group.done.extend(done.map(Done::Write));
            }
            Job::Read(job) => match catch_unwind(AssertUnwindSafe(job)) {
                Ok(tell) if unsynced.none() => tell(Ok(())),
                done => group.done.extend(done.map(Done::Read)),
            },
        }
    }
    group
}

fn sync(log: &File, written: Receiver<Group>, unsynced: &Unsynced) {
    while let Ok(first) = written.recv() {
        let groups: Vec<Group> = std::iter::once(first).chain(written.try_iter()).collect();
        let wrote = groups.iter().filter(|group| group.wrote).count();
        let done = groups.into_iter().flat_map(|group| group.done);
        match log.sync_data() {
            Ok(()) => {
                unsynced.0.fetch_sub(wrote, Ordering::SeqCst);
                tell(done, || Ok(()));
            }
            Err(error) => {
                // The system may have dropped what it could not write: a later sync that succeeds would prove nothing.
                tracing::error!(error = %error, "the disk failed; no more writes are taken");
                // Before anybody is told: who reads now must not wait for a sync.
                drop(written);
                return tell(done, || {
                    Err(AwsError::internal(format!("the disk failed: {error}")))
                });
            }
        }
    }
}

fn tell(done: impl Iterator<Item = Done>, what: impl Fn() -> Result<(), AwsError>) {
    for Done::Read(tell) | Done::Write(tell) in done {
        tell(what());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// An engine, and what its other thread is to sync.
    fn unsynced() -> (Engine, Receiver<Group>) {
        let (jobs, waiting) = channel();
        let (written, synced) = channel();
        let unsynced = Unsynced::default();
        let of_run = unsynced.clone();
        thread::spawn(move || run(&waiting, &written, &of_run));
        (Engine { jobs, unsynced }, synced)
    }

    fn sync_to(path: &'static str, engine: &Engine, synced: Receiver<Group>) {
        let unsynced = engine.unsynced.clone();
        let log = File::open(path).unwrap();
        thread::spawn(move || sync(&log, synced, &unsynced));
    }

    /// An engine whose log can be opened and not synced: a file of a system that has none to sync.
    fn on_a_failing_disk() -> Engine {
        let (engine, synced) = unsynced();
        sync_to("/proc/self/status", &engine, synced);
        engine
    }

    #[tokio::test]
    async fn what_was_read_of_a_write_is_answered_when_the_write_is() {
        let (engine, synced) = unsynced();
        assert_eq!(engine.read(|| 1).await.unwrap(), 1);
        engine.synced().await.unwrap();
        let all = async {
            tokio::join!(engine.write(|| 2, |_| ()), engine.read(|| 3), async {
                // Another thread's read.
                while engine.unsynced.none() {
                    tokio::task::yield_now().await;
                }
                engine.synced().await
            })
        };
        tokio::pin!(all);
        let waits = tokio::time::timeout(Duration::from_millis(50), &mut all).await;
        assert!(waits.is_err(), "nothing is synced yet");
        sync_to(
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            &engine,
            synced,
        );
        let (wrote, read, elsewhere) = all.await;
        assert_eq!((wrote.unwrap(), read.unwrap()), (2, 3));
        elsewhere.unwrap();
        assert!(engine.unsynced.none());
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
