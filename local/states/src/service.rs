//! The service: what it is made of, how it is opened, and what goes on behind it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use asl::Timestamp;
use serde_json::Value;
use storage::{Storage, StorageError};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::active::Active;
use crate::arn::Partition;
use crate::busy::{Busy, Turn};
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::db::{Db, Faults, SCHEMA, executions};
use crate::error::{AwsError, Error, Result};
use crate::host::Host;
use crate::map_run::MapRuns;
use crate::operations::activities::HandedOut;
use crate::timer::Timer;
use crate::token::TokenKey;

/// How the service is set up.
#[derive(Debug, Clone)]
pub struct Options {
    pub region: String,
    pub account: String,
    /// For how long ended executions are kept.
    pub retention_days: u32,
    /// For tests.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Default for Options {
    /// The region and account of the home, and AWS's 90 days.
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            retention_days: 90,
            faults: None,
        }
    }
}

/// Step Functions. What it has answered is on the disk, and so is every task before it is begun.
pub struct StepFunctions {
    service: Arc<Service>,
    background: Vec<AbortHandle>,
}

impl fmt::Debug for StepFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepFunctions")
            .field("db", &self.service.db)
            .finish()
    }
}

pub(crate) struct Service {
    pub(crate) db: Db,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) partition: Partition,
    pub(crate) key: TokenKey,
    pub(crate) catalog: Catalog,
    pub(crate) active: Arc<Active>,
    pub(crate) busy: Busy,
    pub(crate) timer: Timer,
    /// What of the outbox was told.
    pub(crate) told: mpsc::UnboundedSender<(i64, Turn)>,
    /// Rings when a task was offered to whoever works on an activity.
    pub(crate) offered: tokio::sync::Notify,
    pub(crate) handed_out: HandedOut,
    /// Distributed Maps under way.
    pub(crate) map_runs: MapRuns,
    last_id: AtomicI64,
}

impl StepFunctions {
    /// Opens the database at `path`, or makes it, and takes up what was under way.
    ///
    /// # Errors
    ///
    /// The database cannot be opened or read.
    pub async fn open(
        path: &Path,
        host: Arc<dyn Host>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> std::result::Result<Self, OpenError> {
        let storage = Storage::open(path, SCHEMA).map_err(OpenError::Storage)?;
        Self::over(storage, host, clock, options)
            .await
            .map_err(|error| match error {
                Error::Storage(error) => OpenError::Storage(error),
                other => OpenError::Contents(Box::new(other)),
            })
    }

    async fn over(
        storage: Storage,
        host: Arc<dyn Host>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self> {
        let db = Db::new(storage, options.faults.clone());
        let mut secret = [0; 64];
        getrandom::fill(&mut secret).map_err(Error::Random)?;
        let secret = db.setting("token-key", secret.to_vec()).await?;
        let secret = secret
            .try_into()
            .map_err(|_| Error::unreadable("the key of task tokens", "it has not 64 bytes"))?;
        let last_id = db.read(executions::last_id).await?;
        let (told, tidings) = mpsc::unbounded_channel();
        let service = Arc::new(Service {
            db,
            host,
            clock,
            partition: Partition::new(&options.region, &options.account),
            key: TokenKey::new(&secret),
            catalog: Catalog::new(),
            active: Arc::default(),
            busy: Busy::default(),
            timer: Timer::default(),
            told,
            offered: tokio::sync::Notify::new(),
            handed_out: HandedOut::default(),
            map_runs: MapRuns::default(),
            last_id: AtomicI64::new(last_id),
        });
        // Looked up before anything new can begin, so that nothing is begun twice.
        service.resume().await?;
        let background = vec![
            tokio::spawn(crate::timer::run(Arc::downgrade(&service))).abort_handle(),
            tokio::spawn(crate::outbox::clear(Arc::downgrade(&service), tidings)).abort_handle(),
            tokio::spawn(crate::retention::run(
                Arc::downgrade(&service),
                options.retention_days,
            ))
            .abort_handle(),
        ];
        Ok(Self { service, background })
    }

    /// Answers an operation of `AWSStepFunctions` (JSON 1.0).
    ///
    /// # Errors
    ///
    /// As AWS refuses it; `InternalFailure` where the disk fails.
    pub async fn handle(&self, operation: &str, body: Value) -> std::result::Result<Value, AwsError> {
        let service = Arc::clone(&self.service);
        // Who waits for a task and goes away must not get one.
        if operation == "GetActivityTask" {
            let answer = crate::operations::answer(&service, operation, &body).await;
            return answer.map_err(|error| error.into_answer(operation));
        }
        let owned = operation.to_owned();
        let turn = service.busy.turn();
        // A caller that goes away must not cut off what follows a write.
        let answered = tokio::spawn(async move {
            let _turn = turn;
            crate::operations::answer(&service, &owned, &body).await
        });
        match answered.await {
            Ok(answer) => answer.map_err(|error| error.into_answer(operation)),
            Err(error) => Err(Error::unreadable("the request", error).into_answer(operation)),
        }
    }

    /// Waits until nothing is under way: no call, no write, nothing to be told, nothing due. Executions that wait do not
    /// count.
    pub async fn settled(&self) {
        loop {
            self.service.busy.none().await;
            let now = self.service.clock.now().milliseconds();
            if self.service.timer.next().is_none_or(|next| next > now) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.service.timer.next().map(Timestamp::from_milliseconds)
    }

    /// How many executions are in memory: those that something is being done to.
    pub fn in_memory(&self) -> usize {
        self.service.active.len()
    }
}

impl Drop for StepFunctions {
    fn drop(&mut self) {
        for task in &self.background {
            task.abort();
        }
    }
}

/// Why the service cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database of state machines")]
    Storage(#[source] StorageError),
    #[error("cannot read what is stored of state machines")]
    Contents(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Service {
    pub(crate) fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let turn = self.busy.turn();
        tokio::spawn(async move {
            let _turn = turn;
            work.await;
        });
    }

    /// An id above all others, and about the time, so that none is used again after the newest was removed.
    pub(crate) fn new_id(&self, now: Timestamp) -> i64 {
        let of_time = now.milliseconds().saturating_mul(4096);
        let next = |last: i64| Some(last.saturating_add(1).max(of_time));
        let before = self
            .last_id
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next)
            .unwrap_or_else(|last| last);
        next(before).unwrap_or(before)
    }

    /// A UUID of random bits.
    pub(crate) fn new_uuid(&self) -> Result<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(Error::Random)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    /// Waits before something that failed is tried again.
    pub(crate) async fn pause(&self) {
        let until = self.clock.now().plus_seconds(1.0);
        self.clock.sleep_until(until).await;
    }
}
