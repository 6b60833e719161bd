//! Event source mappings: a function is run with what comes to a queue or to a table's stream.

mod batch;
mod describe;
mod queue;
mod run;
mod stream;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};
use tokio::sync::Notify;

use super::Lambda;
use crate::AwsError;
use crate::dynamodb::Position;
use crate::events::Pattern;
use crate::service::set;

/// Records of a batch at most, of both.
const LARGEST_BATCH: i64 = 10_000;

/// What CreateEventSourceMapping and UpdateEventSourceMapping are given. Of what is not here nothing is asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Configuration {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_batching_window_in_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_criteria: Option<Criteria>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_position: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bisect_batch_on_function_error: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_record_age_in_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_config: Option<Destinations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scaling_config: Option<Scaling>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Criteria {
    filters: Vec<Filter>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filter {
    pattern: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destinations {
    on_failure: Option<Destination>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    destination: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Scaling {
    maximum_concurrency: Option<i64>,
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// By its ARN.
    Queue(String),
    /// The stream of the table of this name.
    Stream(String),
}

impl Source {
    fn parse(arn: &str) -> Result<Self, AwsError> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "sqs", _, _, _] => Ok(Self::Queue(arn.to_owned())),
            ["arn", _, "dynamodb", _, _, rest] => {
                let mut rest = rest.split('/');
                match (rest.next(), rest.next(), rest.next()) {
                    (Some("table"), Some(table), Some("stream")) => Ok(Self::Stream(table.to_owned())),
                    _ => Err(invalid(format!("{arn} is not the ARN of a stream."))),
                }
            }
            _ => Err(invalid(format!(
                "The event source {arn} is not supported by this endpoint: queues of SQS and streams of DynamoDB are."
            ))),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Mapping {
    id: String,
    configuration: Configuration,
    source: Source,
    /// The function's name.
    function: String,
    filters: Arc<[Pattern]>,
    modified: i64,
    /// Of a stream: behind the last record that was done with.
    position: Option<Position>,
}

impl Mapping {
    fn is_enabled(&self) -> bool {
        self.configuration.enabled.unwrap_or(true)
    }

    fn batch_size(&self) -> usize {
        let default = match self.source {
            Source::Queue(_) => 10,
            Source::Stream(_) => 100,
        };
        usize::try_from(self.configuration.batch_size.unwrap_or(default)).unwrap_or(1)
    }

    fn window_seconds(&self) -> u64 {
        let window = self.configuration.maximum_batching_window_in_seconds;
        window.and_then(|window| u64::try_from(window).ok()).unwrap_or(0)
    }

    /// Whether the function says which records of a batch failed.
    fn reports_items(&self) -> bool {
        let kinds = self.configuration.function_response_types.as_ref();
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "ReportBatchItemFailures"))
    }

    /// Whether the function is to see a record. Without filters it sees all.
    fn wants(&self, record: &Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.matches(record))
    }

    /// Whether a batch that fails is tried again in two halves.
    fn bisects(&self) -> bool {
        self.configuration.bisect_batch_on_function_error == Some(true)
    }

    fn failure_destination(&self) -> Option<&str> {
        let destinations = self.configuration.destination_config.as_ref()?;
        destinations.on_failure.as_ref()?.destination.as_deref()
    }
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterValueException", message)
}

/// All mappings, and whom to tell when they change.
#[derive(Default)]
pub(super) struct Mappings {
    known: RwLock<BTreeMap<String, Arc<Mapping>>>,
    changed: Notify,
}

impl Mappings {
    pub(super) fn load(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let mut select =
            connection.prepare("SELECT id, configuration, modified, position FROM event_source_mappings")?;
        let rows = select.query_map([], |row| {
            let text: String = row.get(1)?;
            Ok((row.get(0)?, text, row.get(2)?, row.get::<_, Option<i64>>(3)?))
        })?;
        let mappings = Self::default();
        for row in rows {
            let (id, text, modified, position): (String, _, _, _) = row?;
            let configuration: Configuration = serde_json::from_str(&text).unwrap_or_default();
            // What was taken once is taken again.
            if let Ok(mut mapping) = Mapping::new(id, configuration, modified) {
                mapping.position = position.map(Position::from);
                mappings.put(mapping);
            }
        }
        Ok(mappings)
    }

    /// One that is there already stands where it stands.
    fn put(&self, mut mapping: Mapping) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = known.get(&mapping.id) {
            mapping.position = there.position;
        }
        known.insert(mapping.id.clone(), Arc::new(mapping));
    }

    fn all(&self) -> Vec<Arc<Mapping>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().cloned().collect()
    }

    fn get(&self, id: &str) -> Result<Arc<Mapping>, AwsError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .get(id)
            .cloned()
            .ok_or_else(|| AwsError::not_found("The resource you requested does not exist.").with_status(404))
    }

    /// Where a stream is to be gone on with.
    fn advance(&self, id: &str, position: Position) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(mapping) = known.get_mut(id) {
            Arc::make_mut(mapping).position = Some(position);
        }
    }

    fn remove(&self, id: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(id);
    }

    /// Behind which record of a table's stream nobody here needs the earlier ones. `None`: nobody follows it.
    pub(super) fn behind(&self, table: &str) -> Option<Position> {
        let of_table = |mapping: &Arc<Mapping>| mapping.source == Source::Stream(table.to_owned());
        let followers = self.all().into_iter().filter(of_table);
        followers
            .map(|mapping| mapping.position.unwrap_or_default())
            .min()
    }
}

impl Mapping {
    /// Checks what was given.
    fn new(id: String, configuration: Configuration, modified: i64) -> Result<Self, AwsError> {
        let arn = configuration.event_source_arn.as_deref();
        let source = Source::parse(arn.ok_or_else(|| invalid("EventSourceArn is missing."))?)?;
        let function = configuration.function_name.as_deref();
        let function = function.ok_or_else(|| invalid("FunctionName is missing."))?;
        let function = function
            .rsplit_once(":function:")
            .map_or(function, |(_, name)| name);
        let function = function.split(':').next().unwrap_or_default().to_owned();
        let filters = configuration
            .filter_criteria
            .iter()
            .flat_map(|criteria| &criteria.filters);
        let filters = filters.map(|filter| Pattern::parse(&filter.pattern).map_err(|e| invalid(e.message)));
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        let within = |name: &str, value: Option<i64>, least: i64, most: i64| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(invalid(format!("{name} must be from {least} to {most}.")))
            }
            _ => Ok(()),
        };
        let given = &configuration;
        within("BatchSize", given.batch_size, 1, LARGEST_BATCH)?;
        let window = given.maximum_batching_window_in_seconds;
        within("MaximumBatchingWindowInSeconds", window, 0, 300)?;
        within("MaximumRetryAttempts", given.maximum_retry_attempts, -1, 10_000)?;
        within(
            "MaximumRecordAgeInSeconds",
            given.maximum_record_age_in_seconds,
            -1,
            604_800,
        )?;
        let concurrency = given
            .scaling_config
            .and_then(|scaling| scaling.maximum_concurrency);
        within("MaximumConcurrency", concurrency, 2, 1000)?;
        match (&source, given.starting_position.as_deref()) {
            (Source::Queue(_), None) | (Source::Stream(_), Some("TRIM_HORIZON" | "LATEST")) => {}
            (Source::Queue(_), Some(_)) => {
                return Err(invalid("StartingPosition is not valid for SQS event sources."));
            }
            (Source::Stream(_), _) => {
                return Err(invalid("StartingPosition is TRIM_HORIZON or LATEST for streams."));
            }
        }
        if matches!(source, Source::Queue(_)) && given.batch_size.unwrap_or(0) > 10 && window.unwrap_or(0) < 1
        {
            return Err(invalid(
                "MaximumBatchingWindowInSeconds must be at least 1 where BatchSize is greater than 10.",
            ));
        }
        Ok(Self {
            id,
            source,
            function,
            filters: filters.into(),
            configuration,
            modified,
            position: None,
        })
    }
}

impl Lambda {
    /// Writes a mapping down, then knows it.
    async fn store_mapping(&self, mapping: Mapping) -> Result<(), AwsError> {
        let row = (
            mapping.id.clone(),
            serde_json::to_string(&mapping.configuration)?,
            mapping.modified,
            mapping.position.map(i64::from),
        );
        self.storage
            .write(move |connection| {
                connection.execute(
                    "INSERT INTO event_source_mappings (id, configuration, modified, position) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (id) DO UPDATE SET configuration = excluded.configuration, modified = excluded.modified",
                    params![row.0, row.1, row.2, row.3],
                )
            })
            .await?;
        self.mappings.put(mapping);
        self.mappings.changed.notify_one();
        Ok(())
    }

    fn told_mapping(&self, mapping: &Mapping) -> Value {
        let mut told = serde_json::to_value(&mapping.configuration).unwrap_or_else(|_| json!({}));
        if let Some(members) = told.as_object_mut() {
            members.remove("Enabled");
            members.remove("FunctionName");
        }
        set(&mut told, "UUID", mapping.id.as_str());
        set(&mut told, "FunctionArn", self.arn(&mapping.function));
        set(&mut told, "BatchSize", mapping.batch_size());
        set(
            &mut told,
            "State",
            if mapping.is_enabled() {
                "Enabled"
            } else {
                "Disabled"
            },
        );
        set(&mut told, "StateTransitionReason", "USER_INITIATED");
        #[expect(clippy::cast_precision_loss, reason = "seconds of a date")]
        set(&mut told, "LastModified", mapping.modified as f64 / 1000.0);
        told
    }
}
