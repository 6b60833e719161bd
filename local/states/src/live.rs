//! An execution in memory, and what a step of it writes.

use std::collections::HashSet;
use std::sync::Arc;

use asl::{Command, Event, Execution, InSeconds, Outcome, Timestamp};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::Status;
use crate::catalog::Definition;
use crate::db::executions::{Stored, Waits};
use crate::db::steps::{End, MapRunRow, Offer, Step, Then};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::resource::Resource;
use crate::run::Because;
use crate::token::{ExecutionTokens, TaskId, TokenKey, event_of};

#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: i64,
    pub(crate) machine_name: String,
    pub(crate) express: bool,
    pub(crate) definition: Arc<Definition>,
    /// The task that started it, and whether it waits for the end.
    pub(crate) parent: Option<TaskId>,
    pub(crate) waits: Waits,
    /// Of the machine, if it was started by one.
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) redriven: Option<i64>,
    pub(crate) execution: Execution,
    /// Tasks whose call has not been answered, by number.
    pub(crate) calls: Vec<u32>,
    /// As it is on the disk.
    pub(crate) wake_at: Option<i64>,
    /// Set where nothing is on the disk: who waits for the end.
    pub(crate) in_memory: Option<oneshot::Sender<Outcome>>,
}

impl Live {
    pub(crate) fn read(
        id: i64,
        stored: Stored,
        state: &[u8],
        definition: Arc<Definition>,
        key: &TokenKey,
    ) -> Result<Self> {
        let mut execution: Execution =
            serde_json::from_slice(state).map_err(|e| Error::unreadable("an execution", e))?;
        execution.set_tokens(ExecutionTokens::new(key, id));
        Ok(Self {
            id,
            machine_name: stored.machine_name,
            express: stored.express,
            definition,
            parent: stored.parent,
            waits: stored.waits,
            version: stored.version,
            alias: stored.alias,
            redriven: stored.redriven,
            execution,
            calls: read_calls(stored.calls.as_deref()),
            wake_at: stored.wake_at,
            in_memory: None,
        })
    }

    pub(crate) fn arn(&self) -> &str {
        &self.execution.context().id
    }

    /// The numbers of the tasks that are waited for.
    pub(crate) fn open(&self) -> HashSet<u32> {
        self.execution
            .open_tasks(&self.definition.machine)
            .filter_map(|(token, _)| event_of(token))
            .collect()
    }

    pub(crate) fn take_in(&mut self, now: Timestamp, events: Vec<Event>) -> Vec<Command> {
        let machine = Arc::clone(&self.definition.machine);
        let mut commands = Vec::new();
        for event in events {
            commands.extend(self.execution.apply(&machine, now, event));
        }
        commands
    }

    /// Takes down what the interpreter did since the last step. `None`: nothing that has to be kept.
    pub(crate) fn step(
        &mut self,
        commands: &[Command],
        because: Because,
        now: Timestamp,
        host: &dyn Host,
    ) -> Result<Step> {
        let mut activities = Vec::new();
        let mut map_runs = Vec::new();
        for command in commands {
            match command {
                Command::ScheduleTask {
                    token,
                    resource,
                    arguments,
                    ..
                } => {
                    let Some(task) = event_of(token) else { continue };
                    match Resource::parse(resource) {
                        Resource::Activity => activities.push(Offer {
                            activity: resource.clone(),
                            task,
                            input: arguments.to_string(),
                        }),
                        _ => self.calls.push(task),
                    }
                }
                Command::StartMapRun { token, .. } => {
                    let Some(task) = event_of(token) else { continue };
                    self.calls.push(task);
                    map_runs.push(MapRunRow {
                        task,
                        command: serde_json::to_string(command)
                            .map_err(|e| Error::unreadable("the items of a Map", e))?,
                    });
                }
                _ => {}
            }
        }
        let outcome = self.execution.outcome().cloned();
        if let Because::Answered(answered) = because {
            self.calls.retain(|call| *call != answered);
        }
        if outcome.is_none() && !self.calls.is_empty() {
            let open = self.open();
            self.calls.retain(|call| open.contains(call));
        }
        let history = history(&mut self.execution)?;
        let wake_at = self.execution.wake_at().map(Timestamp::milliseconds);
        let changed = wake_at != self.wake_at;
        self.wake_at = wake_at;
        let (then, tell) = match outcome {
            None => (Then::Rest(self.state()?), Vec::new()),
            Some(outcome) => {
                self.calls.clear();
                self.end(outcome, now, host)?
            }
        };
        Ok(Step {
            id: self.id,
            express: self.express,
            calls: write_calls(&self.calls),
            wake_at: changed.then_some(wake_at),
            history,
            activities,
            taken: match because {
                Because::Taken(offer) => Some(offer),
                _ => None,
            },
            map_runs,
            ends_map_runs: self.definition.distributes,
            then,
            tell,
        })
    }

    fn state(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&self.execution).map_err(|e| Error::unreadable("an execution", e))
    }

    fn end(&self, outcome: Outcome, now: Timestamp, host: &dyn Host) -> Result<(Then, Vec<i64>)> {
        let status = Status::of(&outcome);
        let mut tell = Vec::new();
        if !self.express && host.listens_to(status) {
            tell.push(status.code());
        }
        if self.parent.is_some() && self.waits != Waits::Not {
            tell.push(crate::db::outbox::PARENT);
        }
        let (output, error, cause) = match outcome {
            Outcome::Succeeded { output } => (Some(output.to_string()), None, None),
            Outcome::Failed { error, cause } | Outcome::Aborted { error, cause } => (None, error, cause),
            Outcome::TimedOut => (None, None, None),
        };
        let end = End {
            status,
            stopped: now.milliseconds(),
            output,
            error,
            cause,
            // From it one can be redriven.
            state: if self.express || status == Status::Succeeded {
                None
            } else {
                Some(self.state()?)
            },
        };
        Ok((Then::End(Box::new(end)), tell))
    }
}

fn read_calls(text: Option<&str>) -> Vec<u32> {
    let numbers = text.unwrap_or_default().split(',');
    numbers.filter_map(|number| number.parse().ok()).collect()
}

fn write_calls(calls: &[u32]) -> Option<String> {
    let numbers: Vec<String> = calls.iter().map(u32::to_string).collect();
    (!numbers.is_empty()).then(|| numbers.join(","))
}

/// The events since the last step, as they are answered.
fn history(execution: &mut Execution) -> Result<Option<(i64, String)>> {
    let events = execution.take_history();
    let Some(first) = events.first() else {
        return Ok(None);
    };
    let first = i64::try_from(first.id).unwrap_or(i64::MAX);
    let events: Vec<_> = events.iter().map(InSeconds).collect();
    let text = serde_json::to_string(&events).map_err(|e| Error::unreadable("events", e))?;
    Ok(Some((first, text)))
}

/// An instant as the protocol has it: seconds with a fraction.
pub(crate) fn seconds(milliseconds: i64) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of this millennium have 53 bits"
    )]
    let seconds = milliseconds as f64 / 1000.0;
    seconds.into()
}
