//! The services together, over one folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use storage::{Storage, StorageError};

use crate::calls::Calls;
use crate::connector::Connector;
use crate::deliveries::{self, Deliveries};
use crate::dynamodb::{self, DynamoDb, Position, Records};
use crate::events::{self, Events};
use crate::lambda::{self, Functions, Lambda};
use crate::s3::{self, S3};
use crate::scheduler::{self, Scheduler};
use crate::sqs::{self, Names, Sqs};
use crate::{AwsError, Clock, Service};

/// Between two looks for what is over.
const TIDY: Duration = Duration::from_secs(60);

/// What the services are opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept. Must be there, and nobody else's.
    pub folder: PathBuf,
    pub region: String,
    pub account: String,
    /// What the URLs of queues begin with: `http://127.0.0.1:4566`.
    pub base_url: String,
    /// Key and secret that requests are signed with.
    pub credentials: (String, String),
    /// Whether requests over HTTP are answered only with such a signature. Those to S3 always are.
    pub must_be_signed: bool,
    pub clock: Clock,
}

#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error("the tables in {}", path.display())]
    Tables {
        path: PathBuf,
        #[source]
        source: dynamodb::OpenError,
    },
    #[error("the objects in {}", path.display())]
    Objects {
        path: PathBuf,
        #[source]
        source: s3::OpenError,
    },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// All services. Clones share them.
#[derive(Clone)]
pub struct Home(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) storage: Storage,
    pub(crate) dynamodb: Arc<DynamoDb>,
    pub(crate) s3: Arc<S3>,
    pub(crate) sqs: Arc<Sqs>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) events: Events,
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) scheduler: Scheduler,
    pub(crate) states: OnceLock<Arc<dyn Service>>,
    pub(crate) calls: Calls,
}

/// A [`Home`] that does not keep it open: for what the home itself holds.
#[derive(Clone)]
pub struct WeakHome(Weak<Inner>);

impl WeakHome {
    pub fn upgrade(&self) -> Option<Home> {
        self.0.upgrade().map(Home)
    }
}

impl std::fmt::Debug for WeakHome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WeakHome")
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Home").field(&self.0.options).finish()
    }
}

impl Home {
    /// Opens what the folder holds, or makes it.
    ///
    /// # Errors
    ///
    /// The files cannot be used; the error says which and why.
    pub fn open(options: Options) -> Result<Self, HomeError> {
        let path = options.folder.join("tables.db");
        let dynamodb = DynamoDb::open(&path, &options.region);
        let dynamodb = Arc::new(dynamodb.map_err(|source| HomeError::Tables { path, source })?);
        let path = options.folder.join("objects");
        let (key, secret) = &options.credentials;
        let s3 = S3::open(&path, (key, secret));
        let s3 = s3.map_err(|source| HomeError::Objects { path, source })?;
        let schema = [
            sqs::SCHEMA,
            deliveries::SCHEMA,
            events::SCHEMA,
            lambda::SCHEMA,
            scheduler::SCHEMA,
        ];
        let schema = schema.concat();
        let storage = Storage::open(&options.folder.join("services.db"), &schema)?;
        let names = Names {
            region: options.region.clone(),
            account: options.account.clone(),
            base_url: options.base_url.clone(),
        };
        let clock = || options.clock.clone();
        let sqs = Arc::new(Sqs::open(storage.clone(), clock(), names.clone())?);
        let deliveries = Arc::new(Deliveries::open(storage.clone(), clock())?);
        let shared = || (Arc::clone(&sqs), Arc::clone(&deliveries));
        let (queues, outbox) = shared();
        let events = Events::open(storage.clone(), clock(), names.clone(), queues, outbox)?;
        let (queues, outbox) = shared();
        let tables = Arc::clone(&dynamodb);
        let lambda = Lambda::open(storage.clone(), clock(), names.clone(), queues, tables, outbox)?;
        let (queues, outbox) = shared();
        let scheduler = Scheduler::open(storage.clone(), clock(), names, queues, outbox)?;
        Ok(Self(Arc::new(Inner {
            options,
            storage,
            dynamodb,
            s3: Arc::new(s3),
            sqs,
            deliveries,
            events,
            lambda: Arc::new(lambda),
            scheduler,
            states: OnceLock::new(),
            calls: Calls::default(),
        })))
    }

    /// Sets the Step Functions service; the first one stays.
    pub fn set_states(&self, states: Arc<dyn Service>) {
        let _ = self.0.states.set(states);
    }

    /// Sets what runs functions; the first one stays.
    pub fn set_functions(&self, functions: Arc<dyn Functions>) {
        self.0.lambda.set_runner(functions);
    }

    /// Runs a function to its end, as Lambda's `Invoke` does.
    ///
    /// # Errors
    ///
    /// There is no such function; the function's own error is inside.
    pub async fn invoke(
        &self,
        function: &str,
        payload: serde_json::Value,
        request_id: &str,
    ) -> Result<Result<serde_json::Value, lambda::FunctionError>, AwsError> {
        self.0.lambda.run(function, payload, request_id).await
    }

    /// Publishes an event of a service of this home (`source`, `detail-type`, `detail`; the rest is filled in) to the
    /// default bus. Once it has answered, the rules' targets will get it.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn publish(&self, event: serde_json::Value) -> Result<(), AwsError> {
        self.0.events.publish(event).await
    }

    /// The way of SDK clients of this process to the services, as long as the home is open elsewhere.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(self.downgrade()))
    }

    pub fn downgrade(&self) -> WeakHome {
        WeakHome(Arc::downgrade(&self.0))
    }

    /// The records of a table's stream behind a position, at most `limit`. Waits until there are some.
    ///
    /// # Errors
    ///
    /// There is no such table, or it cannot be read.
    pub async fn follow_stream(
        &self,
        table: &str,
        after: Position,
        limit: usize,
    ) -> Result<Records, AwsError> {
        self.0.dynamodb.follow(table, after, limit).await
    }

    /// Removes the records of a table's stream up to a position that all who follow it have passed.
    ///
    /// # Errors
    ///
    /// They cannot be removed.
    pub async fn trim_stream(&self, table: &str, read: Position) -> Result<(), AwsError> {
        let (dynamodb, table) = (Arc::clone(&self.0.dynamodb), table.to_owned());
        let now = self.0.options.clock.now();
        // Event source mappings may be behind.
        let read = self
            .0
            .lambda
            .behind(&table)
            .map_or(read, |behind| behind.min(read));
        let trim = tokio::task::spawn_blocking(move || dynamodb.trim(&table, Some(read), now));
        match trim.await {
            Ok(trimmed) => trimmed.map_err(|e| StorageError::from(e).into()),
            Err(_) => Err(AwsError::internal("the engine failed")),
        }
    }

    /// What goes on in the background, until it is dropped: deliveries are made, dead letters moved
    /// back, what is over is removed.
    pub async fn run(&self) {
        tokio::join!(
            Arc::clone(&self.0.sqs).run_moves(),
            self.run_deliveries(),
            self.0.events.run_schedules(),
            self.0.lambda.run_mappings(),
            self.0.scheduler.run(),
            self.tidy()
        );
    }

    async fn tidy(&self) {
        let mut ticks = tokio::time::interval(TIDY);
        loop {
            ticks.tick().await;
            if let Err(error) = self.0.sqs.clean().await {
                tracing::warn!(error = %error, "cannot remove old messages");
            }
            let dynamodb = Arc::clone(&self.0.dynamodb);
            let swept = tokio::task::spawn_blocking(move || dynamodb.sweep()).await;
            if let Ok(Err(error)) = swept {
                tracing::warn!(error = %error, "cannot remove items whose time is over");
            }
        }
    }

    /// Takes the messages of a queue back from receivers that are known to be gone: those of an earlier process, where
    /// no other receives from it.
    ///
    /// # Errors
    ///
    /// There is no such queue, or it cannot be written.
    pub async fn release_messages(&self, queue_url: &str) -> Result<(), AwsError> {
        self.0.sqs.release(queue_url).await
    }

    pub fn folder(&self) -> &Path {
        &self.0.options.folder
    }
}
