//! Lambda: functions by name, run by whoever holds this home.

mod functions;
mod invoke;
mod mappings;
mod rest;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::Value;
use storage::{Storage, StorageError};

use crate::deliveries::Deliveries;
use crate::dynamodb::{DynamoDb, Position};
use crate::service::BoxFuture;
use crate::sqs::{Names, Sqs};
use crate::{AwsError, Clock};

use mappings::Mappings;

pub use rest::OPERATIONS;

pub(crate) use rest::decode;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// How a function failed: what `Catch` and `Retry` of a state machine match, and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    pub name: String,
    pub message: String,
}

/// One invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    pub function: String,
    /// The function's variables, as it was created with.
    pub environment: HashMap<String, String>,
    pub timeout_seconds: u64,
    pub payload: Value,
    pub request_id: String,
}

/// Runs the code of functions. A home has none of its own.
pub trait Functions: Send + Sync {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Value, FunctionError>>;
}

pub(crate) struct Lambda {
    storage: Storage,
    clock: Clock,
    names: Names,
    sqs: Arc<Sqs>,
    dynamodb: Arc<DynamoDb>,
    deliveries: Arc<Deliveries>,
    mappings: Mappings,
    functions: RwLock<HashMap<String, Arc<Function>>>,
    runner: OnceLock<Arc<dyn Functions>>,
}

/// What is known of a function.
#[derive(Debug, Clone)]
struct Function {
    name: String,
    configuration: Value,
    policy: Value,
    /// Milliseconds since 1970.
    modified: i64,
}

impl Lambda {
    pub(crate) fn open(
        storage: Storage,
        clock: Clock,
        names: Names,
        sqs: Arc<Sqs>,
        dynamodb: Arc<DynamoDb>,
        deliveries: Arc<Deliveries>,
    ) -> Result<Self, StorageError> {
        let functions = storage.write_blocking(functions::load)?;
        let mappings = storage.write_blocking(Mappings::load)?;
        let functions = functions
            .into_iter()
            .map(|function| (function.name.clone(), Arc::new(function)));
        Ok(Self {
            storage,
            clock,
            names,
            sqs,
            dynamodb,
            deliveries,
            mappings,
            functions: RwLock::new(functions.collect()),
            runner: OnceLock::new(),
        })
    }

    /// Behind which record of a table's stream no mapping needs the earlier ones. `None`: none follows it.
    pub(crate) fn behind(&self, table: &str) -> Option<Position> {
        self.mappings.behind(table)
    }

    /// The first one stays.
    pub(crate) fn set_runner(&self, runner: Arc<dyn Functions>) {
        let _ = self.runner.set(runner);
    }

    fn arn(&self, name: &str) -> String {
        format!(
            "arn:aws:lambda:{}:{}:function:{name}",
            self.names.region, self.names.account
        )
    }

    /// By name or ARN, with or without a version.
    fn function(&self, given: &str) -> Result<Arc<Function>, AwsError> {
        let name = match given.split_once(":function:") {
            Some((_, name)) => name,
            None => given,
        };
        let name = name.split(':').next().unwrap_or_default();
        let functions = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        let found = functions.get(name).cloned();
        found.ok_or_else(|| {
            AwsError::not_found(format!("Function not found: {}", self.arn(name))).with_status(404)
        })
    }
}
