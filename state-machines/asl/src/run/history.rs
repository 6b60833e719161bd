//! The history, in the event format of `GetExecutionHistory`.

use std::sync::Arc;

use serde_json::Value;

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
        // Nothing in an event can refuse to be written.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl EventKind {
    pub(super) fn name(&self) -> String {
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
}
