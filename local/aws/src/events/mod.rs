//! EventBridge: buses, rules, targets. An event and everything that follows from it are one transaction.

mod buses;
mod pattern;
mod put;
mod rules;
mod schedules;
mod targets;
mod transform;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde::de::DeserializeOwned;
use serde_json::Value;
use storage::{Storage, StorageError};
use tokio::sync::Notify;

use crate::deliveries::Deliveries;
use crate::service::{BoxFuture, Service};
use crate::sqs::{Names, Sqs};
use crate::{AwsError, Clock};

pub(crate) use pattern::Pattern;

use rules::Rule;

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

const DEFAULT_BUS: &str = "default";

pub(crate) struct Events {
    storage: Storage,
    clock: Clock,
    names: Names,
    sqs: Arc<Sqs>,
    deliveries: Arc<Deliveries>,
    known: RwLock<Known>,
    /// Wakes who waits for rules to be due.
    scheduled: Notify,
}

/// What the tables hold, which change first.
#[derive(Default)]
struct Known {
    buses: BTreeSet<String>,
    /// By bus and name.
    rules: BTreeMap<(String, String), Arc<Rule>>,
}

macro_rules! operations {
    ($($name:literal $method:ident),+ $(,)?) => {
        /// Their names.
        pub const OPERATIONS: &[&str] = &[$($name),+];

        impl Service for Events {
            fn handle<'a>(&'a self, operation: &'a str, body: Value) -> BoxFuture<'a, Result<Value, AwsError>> {
                Box::pin(async move {
                    match operation {
                        $($name => self.$method(request(body)?).await,)+
                        _ => Err(AwsError::unknown_operation(operation)),
                    }
                })
            }
        }
    };
}

operations! {
    "CreateEventBus" create_event_bus,
    "DeleteEventBus" delete_event_bus,
    "DeleteRule" delete_rule,
    "DescribeEventBus" describe_event_bus,
    "DescribeRule" describe_rule,
    "DisableRule" disable_rule,
    "EnableRule" enable_rule,
    "ListEventBuses" list_event_buses,
    "ListRuleNamesByTarget" list_rule_names_by_target,
    "ListRules" list_rules,
    "ListTargetsByRule" list_targets_by_rule,
    "PutEvents" put_events,
    "PutRule" put_rule,
    "PutTargets" put_targets,
    "RemoveTargets" remove_targets,
    "TestEventPattern" test_event_pattern,
}

fn request<T: DeserializeOwned>(body: Value) -> Result<T, AwsError> {
    Ok(serde_json::from_value(body)?)
}

impl Events {
    pub(crate) fn open(
        storage: Storage,
        clock: Clock,
        names: Names,
        sqs: Arc<Sqs>,
        deliveries: Arc<Deliveries>,
    ) -> Result<Self, StorageError> {
        let mut known = storage.write_blocking(rules::load)?;
        known.buses.insert(DEFAULT_BUS.to_owned());
        Ok(Self {
            storage,
            clock,
            names,
            sqs,
            deliveries,
            known: RwLock::new(known),
            scheduled: Notify::new(),
        })
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn arn(&self, rest: &str) -> String {
        format!(
            "arn:aws:events:{}:{}:{rest}",
            self.names.region, self.names.account
        )
    }

    /// The name of a bus that is there, given by name or ARN.
    fn bus(&self, given: Option<&str>) -> Result<String, AwsError> {
        let name = given
            .unwrap_or(DEFAULT_BUS)
            .rsplit('/')
            .next()
            .unwrap_or_default();
        match self.known().buses.contains(name) {
            true => Ok(name.to_owned()),
            false => Err(AwsError::not_found(format!("Event bus {name} does not exist."))),
        }
    }

    fn rule(&self, bus: &str, name: &str) -> Result<Arc<Rule>, AwsError> {
        let known = self.known();
        let rule = known.rules.get(&(bus.to_owned(), name.to_owned())).cloned();
        rule.ok_or_else(|| AwsError::not_found(format!("Rule {name} does not exist on EventBus {bus}.")))
    }
}
