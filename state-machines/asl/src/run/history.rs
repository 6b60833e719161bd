//! The history, in the event format of `GetExecutionHistory`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Timestamp;
use crate::types::StateType;

/// One event. Values are shared with the execution and written as JSON text only when the event is.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// Counts from 1.
    pub id: u64,
    /// 0 where nothing came before.
    pub previous_event_id: u64,
    pub timestamp: Timestamp,
    pub kind: EventKind,
}

/// What happened, named as AWS does.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    ExecutionStarted {
        input: Arc<Value>,
        role_arn: Option<String>,
    },
    ExecutionSucceeded {
        output: Arc<Value>,
    },
    ExecutionFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    ExecutionTimedOut,
    ExecutionRedriven {
        redrive_count: u32,
    },
    ExecutionAborted {
        error: Option<String>,
        cause: Option<String>,
    },
    StateEntered {
        state: StateType,
        name: Arc<str>,
        input: Arc<Value>,
    },
    StateExited {
        state: StateType,
        name: Arc<str>,
        output: Arc<Value>,
        assigned: Vec<(String, Arc<Value>)>,
    },
    EvaluationFailed(Box<EvaluationFailure>),
    TaskStateAborted,
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    ParallelStateAborted,
    MapStateStarted {
        length: usize,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapStateAborted,
    WaitStateAborted,
    MapIterationStarted {
        index: usize,
        name: Arc<str>,
    },
    MapIterationSucceeded {
        index: usize,
        name: Arc<str>,
    },
    MapIterationFailed {
        index: usize,
        name: Arc<str>,
    },
    MapIterationAborted {
        index: usize,
        name: Arc<str>,
    },
    MapRunStarted {
        map_run_arn: String,
    },
    MapRunSucceeded,
    MapRunFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    /// The events of tasks, whose names depend on what the resource is.
    Task(Box<TaskEvent>),
}

/// Boxed, as the others below: a history has tens of thousands of events, and most are small.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationFailure {
    pub error: String,
    pub cause: String,
    /// The field, such as `Arguments/FunctionName`.
    pub location: Option<String>,
    pub state: Arc<str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    pub stage: TaskStage,
    pub resource: TaskResource,
}

/// The resource of a task in the words of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskResource {
    Lambda(Arc<str>),
    Activity(Arc<str>),
    Service {
        resource: Arc<str>,
        resource_type: Arc<str>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum TaskStage {
    Scheduled {
        arguments: Arc<Value>,
        timeout_seconds: Option<u64>,
        heartbeat_seconds: Option<u64>,
        credentials: Option<Value>,
        region: String,
    },
    Started {
        worker: Option<String>,
    },
    Submitted {
        output: Arc<Value>,
    },
    Succeeded {
        output: Arc<Value>,
    },
    Failed {
        error: Option<String>,
        cause: Option<String>,
    },
    TimedOut {
        error: Option<String>,
        cause: Option<String>,
    },
}

impl TaskStage {
    fn name(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "Scheduled",
            Self::Started { .. } => "Started",
            Self::Submitted { .. } => "Submitted",
            Self::Succeeded { .. } => "Succeeded",
            Self::Failed { .. } => "Failed",
            Self::TimedOut { .. } => "TimedOut",
        }
    }
}

impl HistoryEvent {
    /// The event's `type`.
    pub fn event_type(&self) -> String {
        self.kind.name()
    }

    /// As `GetExecutionHistory` answers it: inputs and outputs are JSON text.
    pub fn to_json(&self) -> Value {
        let name = self.kind.name();
        let mut event = Map::new();
        event.insert("timestamp".into(), self.timestamp.to_string().into());
        event.insert("type".into(), name.as_str().into());
        event.insert("id".into(), self.id.into());
        event.insert("previousEventId".into(), self.previous_event_id.into());
        if let Some(details) = self.kind.details() {
            event.insert(details_field(&self.kind, &name), Value::Object(details));
        }
        Value::Object(event)
    }
}

/// `MapIterationStarted` has `mapIterationStartedEventDetails`; states share one field for all their types.
fn details_field(kind: &EventKind, name: &str) -> String {
    match kind {
        EventKind::StateEntered { .. } => return "stateEnteredEventDetails".to_owned(),
        EventKind::StateExited { .. } => return "stateExitedEventDetails".to_owned(),
        _ => {}
    }
    let mut characters = name.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first
        .into_iter()
        .chain(characters)
        .chain("EventDetails".chars())
        .collect()
}

impl EventKind {
    fn name(&self) -> String {
        let fixed = match self {
            Self::StateEntered { state, .. } => return format!("{}StateEntered", state.name()),
            Self::StateExited { state, .. } => return format!("{}StateExited", state.name()),
            Self::Task(task) => {
                let prefix = match task.resource {
                    TaskResource::Lambda(_) => "LambdaFunction",
                    TaskResource::Activity(_) => "Activity",
                    TaskResource::Service { .. } => "Task",
                };
                return format!("{prefix}{}", task.stage.name());
            }
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed { .. } => "ExecutionFailed",
            Self::ExecutionTimedOut => "ExecutionTimedOut",
            Self::ExecutionRedriven { .. } => "ExecutionRedriven",
            Self::ExecutionAborted { .. } => "ExecutionAborted",
            Self::EvaluationFailed(_) => "EvaluationFailed",
            Self::TaskStateAborted => "TaskStateAborted",
            Self::ParallelStateStarted => "ParallelStateStarted",
            Self::ParallelStateSucceeded => "ParallelStateSucceeded",
            Self::ParallelStateFailed => "ParallelStateFailed",
            Self::ParallelStateAborted => "ParallelStateAborted",
            Self::MapStateStarted { .. } => "MapStateStarted",
            Self::MapStateSucceeded => "MapStateSucceeded",
            Self::MapStateFailed => "MapStateFailed",
            Self::MapStateAborted => "MapStateAborted",
            Self::WaitStateAborted => "WaitStateAborted",
            Self::MapIterationStarted { .. } => "MapIterationStarted",
            Self::MapIterationSucceeded { .. } => "MapIterationSucceeded",
            Self::MapIterationFailed { .. } => "MapIterationFailed",
            Self::MapIterationAborted { .. } => "MapIterationAborted",
            Self::MapRunStarted { .. } => "MapRunStarted",
            Self::MapRunSucceeded => "MapRunSucceeded",
            Self::MapRunFailed { .. } => "MapRunFailed",
        };
        fixed.to_owned()
    }

    fn details(&self) -> Option<Map<String, Value>> {
        let details = match self {
            Self::ExecutionStarted { input, role_arn } => {
                let mut details = data("input", input);
                details.insert("roleArn".into(), role_arn.clone().into());
                details
            }
            Self::ExecutionSucceeded { output } => data("output", output),
            Self::ExecutionFailed { error, cause }
            | Self::ExecutionAborted { error, cause }
            | Self::MapRunFailed { error, cause } => failure(error.as_deref(), cause.as_deref()),
            Self::StateEntered { name, input, .. } => named(name, data("input", input)),
            Self::StateExited {
                name,
                output,
                assigned,
                ..
            } => {
                let mut details = named(name, data("output", output));
                if !assigned.is_empty() {
                    let variables: Map<_, _> = assigned
                        .iter()
                        .map(|(name, value)| (name.clone(), value.to_string().into()))
                        .collect();
                    details.insert("assignedVariables".into(), variables.into());
                    details.insert("assignedVariablesDetails".into(), json!({"truncated": false}));
                }
                details
            }
            Self::EvaluationFailed(failed) => {
                let EvaluationFailure {
                    error,
                    cause,
                    location,
                    state,
                } = &**failed;
                let mut details = failure(Some(error), Some(cause));
                if let Some(location) = location {
                    details.insert("location".into(), location.as_str().into());
                }
                details.insert("state".into(), (&**state).into());
                details
            }
            Self::ExecutionTimedOut => Map::new(),
            Self::ExecutionRedriven { redrive_count } => single("redriveCount", (*redrive_count).into()),
            Self::MapStateStarted { length } => single("length", (*length).into()),
            Self::MapIterationStarted { index, name }
            | Self::MapIterationSucceeded { index, name }
            | Self::MapIterationFailed { index, name }
            | Self::MapIterationAborted { index, name } => named(name, single("index", (*index).into())),
            Self::MapRunStarted { map_run_arn } => single("mapRunArn", map_run_arn.as_str().into()),
            Self::Task(task) => return task_details(&task.stage, &task.resource),
            _ => return None,
        };
        Some(details)
    }
}

fn single(field: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(field.to_owned(), value)])
}

fn named(name: &str, mut details: Map<String, Value>) -> Map<String, Value> {
    details.insert("name".into(), name.into());
    details
}

/// A value as JSON text, with the note that it is whole.
fn data(field: &str, value: &Value) -> Map<String, Value> {
    let mut details = single(field, value.to_string().into());
    details.insert(format!("{field}Details"), json!({"truncated": false}));
    details
}

fn failure(error: Option<&str>, cause: Option<&str>) -> Map<String, Value> {
    let mut details = Map::new();
    if let Some(error) = error {
        details.insert("error".into(), error.into());
    }
    if let Some(cause) = cause {
        details.insert("cause".into(), cause.into());
    }
    details
}

fn task_details(stage: &TaskStage, resource: &TaskResource) -> Option<Map<String, Value>> {
    let service = matches!(resource, TaskResource::Service { .. });
    let mut details = match stage {
        TaskStage::Scheduled {
            arguments,
            timeout_seconds,
            heartbeat_seconds,
            credentials,
            ..
        } => {
            let mut details = if service {
                single("parameters", arguments.to_string().into())
            } else {
                data("input", arguments)
            };
            if let Some(seconds) = timeout_seconds {
                details.insert("timeoutInSeconds".into(), (*seconds).into());
            }
            if let Some(seconds) = heartbeat_seconds {
                details.insert("heartbeatInSeconds".into(), (*seconds).into());
            }
            if let Some(role) = credentials
                .as_ref()
                .and_then(|credentials| credentials.get("RoleArn"))
            {
                details.insert("taskCredentials".into(), json!({"roleArn": role}));
            }
            if let TaskResource::Lambda(arn) | TaskResource::Activity(arn) = resource {
                details.insert("resource".into(), (&**arn).into());
            }
            details
        }
        TaskStage::Started { worker } => match resource {
            TaskResource::Lambda(_) => return None,
            TaskResource::Activity(_) => worker
                .as_ref()
                .map(|worker| single("workerName", worker.as_str().into()))
                .unwrap_or_default(),
            TaskResource::Service { .. } => Map::new(),
        },
        TaskStage::Submitted { output } | TaskStage::Succeeded { output } => data("output", output),
        TaskStage::Failed { error, cause } | TaskStage::TimedOut { error, cause } => {
            failure(error.as_deref(), cause.as_deref())
        }
    };
    if let TaskResource::Service {
        resource,
        resource_type,
    } = resource
    {
        details.insert("resource".into(), (&**resource).into());
        details.insert("resourceType".into(), (&**resource_type).into());
        if let TaskStage::Scheduled { region, .. } = stage {
            details.insert("region".into(), region.as_str().into());
        }
    }
    Some(details)
}
