//! Running a machine without doing anything: the host carries out [`Command`]s and reports [`Event`]s.

mod choice;
mod engine;
mod evaluate;
mod execution;
mod failure;
mod fanout;
mod frame;
mod history;
mod history_json;
mod map;
pub(crate) mod probe;
mod redrive;
mod task;
mod time;
mod wait;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use execution::{Execution, Tokens, start, start_with_tokens};
pub use history::{EvaluationFailure, EventKind, HistoryEvent, TaskEvent, TaskResource, TaskStage};
pub use history_json::InSeconds;
pub use time::Timestamp;

/// Events that an execution may have; AWS ends one that has more.
pub const MAX_EVENTS: u64 = 25_000;

/// Who an execution is: what the context object tells of it, and where its chance comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ExecutionContext {
    /// The execution's ARN.
    pub id: String,
    pub name: String,
    pub role_arn: Option<String>,
    pub started: Timestamp,
    pub state_machine_id: String,
    pub state_machine_name: String,
    /// None for express executions, which are never redriven.
    pub redrive_count: Option<u32>,
    /// All random values of the run follow from it. A host that hands task tokens to strangers must draw it from
    /// the system's secure source.
    pub seed: u64,
}

impl ExecutionContext {
    /// The region, as the execution's ARN tells it.
    fn region(&self) -> &str {
        self.id.split(':').nth(3).unwrap_or_default()
    }
}

/// What the host must do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Do this work and report with the token. Given twice under one token it is the same work.
    ScheduleTask {
        token: String,
        state: String,
        /// The ARN as the definition has it.
        resource: String,
        arguments: Value,
        credentials: Option<Value>,
        timeout_seconds: Option<u64>,
        heartbeat_seconds: Option<u64>,
    },
    /// Nobody waits for this work any longer.
    CancelTask {
        token: String,
    },
    /// Run a distributed Map: its items are given, or are read by `reader`. The children run [`Machine::child`].
    ///
    /// [`Machine::child`]: crate::Machine::child
    StartMapRun {
        token: String,
        state: String,
        /// With the item selector applied. `None` where a reader gives them.
        items: Option<Vec<Value>>,
        reader: Option<MapReader>,
        batcher: Option<Value>,
        writer: Option<Value>,
        /// 0 is as many as the host likes.
        max_concurrency: u64,
        tolerated_failure_count: Option<u64>,
        tolerated_failure_percentage: Option<f64>,
    },
    /// Report [`Event::Time`] at this instant. Replaces what was asked before.
    WakeAt(Timestamp),
    Done(Outcome),
}

/// Where a distributed Map reads its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapReader {
    pub resource: String,
    pub arguments: Option<Value>,
    pub config: Option<Value>,
}

/// What the host reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A worker took an activity's task.
    ActivityStarted {
        token: String,
        worker: Option<String>,
    },
    /// The first answer of a `.sync` or `.waitForTaskToken` integration.
    TaskSubmitted {
        token: String,
        output: Value,
    },
    TaskSucceeded {
        token: String,
        output: Value,
    },
    TaskFailed {
        token: String,
        error: Option<String>,
        cause: Option<String>,
    },
    /// The host's own timeout, such as a function's.
    TaskTimedOut {
        token: String,
        error: Option<String>,
        cause: Option<String>,
    },
    Heartbeat {
        token: String,
    },
    MapRunStarted {
        token: String,
        map_run_arn: String,
    },
    /// The array of the children's outputs.
    MapRunSucceeded {
        token: String,
        output: Value,
    },
    MapRunFailed {
        token: String,
        error: Option<String>,
        cause: Option<String>,
    },
    /// Time has passed; deadlines are looked at.
    Time,
    Stop {
        error: Option<String>,
        cause: Option<String>,
    },
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    Succeeded {
        output: Value,
    },
    Failed {
        error: Option<String>,
        cause: Option<String>,
    },
    TimedOut,
    Aborted {
        error: Option<String>,
        cause: Option<String>,
    },
}
