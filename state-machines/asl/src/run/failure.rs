//! What happens when something fails: retriers, catchers, and the way up.

use std::sync::Arc;

use serde_json::{Value, json};

use super::engine::{Engine, Origin};
use super::frame::Activity;
use super::history::{EvaluationFailure, EventKind};
use super::{Command, Outcome};
use crate::expression::StatesVariable;
use crate::machine::{FailNode, Kind, Node, Retry};
use crate::template::Fault;
use crate::types::Jitter;

/// An error on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    /// Whether a task reported it, so that `States.TaskFailed` means it.
    task: bool,
    timeout: bool,
}

impl Failure {
    pub(super) fn task(error: Option<String>, cause: Option<String>) -> Self {
        Self {
            error,
            cause,
            task: true,
            timeout: false,
        }
    }

    pub(super) fn timeout(error: Option<String>, cause: Option<String>) -> Self {
        let error = error.or_else(|| Some("States.Timeout".to_owned()));
        Self {
            error,
            cause,
            task: true,
            timeout: true,
        }
    }

    /// A deadline that this execution kept.
    pub(super) fn deadline(heartbeat: bool) -> Self {
        let error = if heartbeat {
            "States.HeartbeatTimeout"
        } else {
            "States.Timeout"
        };
        Self::timeout(Some(error.to_owned()), None)
    }

    pub(super) fn other(error: Option<String>, cause: Option<String>) -> Self {
        Self {
            error,
            cause,
            task: false,
            timeout: false,
        }
    }

    pub(super) fn is_meant_by(&self, names: &[String]) -> bool {
        let error = self.error.as_deref();
        if error == Some("States.Runtime") {
            return false;
        }
        names.iter().any(|name| match name.as_str() {
            "States.ALL" => true,
            "States.TaskFailed" => self.task && !self.timeout,
            "States.Timeout" => matches!(error, Some("States.Timeout" | "States.HeartbeatTimeout")),
            name => error == Some(name),
        })
    }

    /// What a catcher sees.
    fn output(&self) -> Value {
        let cause = match &self.cause {
            None if self.timeout => Some(""),
            cause => cause.as_deref(),
        };
        json!({"Error": self.error, "Cause": cause})
    }
}

impl Engine<'_> {
    /// A Fail state.
    pub(super) fn raise(&mut self, id: usize, node: &Node, fail: &FailNode) -> Result<(), Fault> {
        let Some(frame) = self.execution.frame(id) else {
            return Ok(());
        };
        let input = Arc::clone(&frame.input);
        let mut texts = [None, None];
        for (text, template) in texts.iter_mut().zip([&fail.error, &fail.cause]) {
            let Some(template) = template else { continue };
            let value = self.evaluate(id, template, &input, StatesVariable::default(), None)?;
            *text = Some(match (value, template) {
                (Value::String(text), _) => text,
                (other, crate::template::Template::Query(query)) => {
                    return Err(query.wrong_type("string", &other));
                }
                (other, _) => other.to_string(),
            });
        }
        let [error, cause] = texts;
        let _ = node;
        self.leave_scope(id, Failure::other(error, cause));
        Ok(())
    }

    /// Something could not be computed.
    pub(super) fn fault(&mut self, id: usize, node: &Node, fault: Fault) {
        let Some(frame) = self.execution.frame(id) else {
            return;
        };
        let (entered, previous) = (frame.entered, frame.previous);
        let decorated = |cause: &str| {
            format!(
                "An error occurred while executing the state '{}' (entered at the event id #{entered}). {cause}",
                node.name
            )
        };
        match fault {
            Fault::Runtime(cause) => {
                let cause = decorated(&cause);
                self.origin = Some(Origin {
                    frame: id,
                    frames: None,
                });
                self.end(
                    previous,
                    Outcome::Failed {
                        error: Some("States.Runtime".to_owned()),
                        cause: Some(cause),
                    },
                );
            }
            Fault::Query { cause, location } => {
                let cause = decorated(&cause);
                let error = "States.QueryEvaluationError".to_owned();
                // AWS counts a failure while entering from before the state, but not in a Wait.
                let entering = previous == entered && !matches!(node.kind, Kind::Wait(_));
                let previous = if entering { frame.before } else { previous };
                let failed = self.record(
                    previous,
                    EventKind::EvaluationFailed(Box::new(EvaluationFailure {
                        error: error.clone(),
                        cause: cause.clone(),
                        location,
                        state: Arc::clone(&node.name),
                    })),
                );
                if let Some(frame) = self.execution.frame_mut(id) {
                    frame.previous = failed;
                }
                self.fail(id, Failure::other(Some(error), Some(cause)));
            }
            Fault::Named { error, cause } => {
                let cause = decorated(&cause);
                self.fail(id, Failure::other(Some(error.to_owned()), Some(cause)));
            }
        }
    }

    /// A state failed: retry it, catch the error, or fail the scope around it.
    pub(super) fn fail(&mut self, id: usize, failure: Failure) {
        let Some((node, _)) = self.at(id) else { return };
        if self.retry(id, node, &failure) {
            self.origin = None;
            return;
        }
        match &node.kind {
            Kind::Parallel(_) => {
                self.advance(id, EventKind::ParallelStateFailed);
            }
            Kind::Map(_) => {
                self.advance(id, EventKind::MapStateFailed);
            }
            _ => {}
        }
        let Some(catch) = node.catch.iter().find(|catch| failure.is_meant_by(&catch.errors)) else {
            self.leave_scope(id, failure);
            return;
        };
        self.origin = None;
        match self.caught(id, node, catch, failure.output()) {
            Ok(exit) => self.exit(id, node, exit, Some(catch.next)),
            // The catcher's own expression failed: nothing catches that.
            Err(Fault::Query { cause, .. } | Fault::Runtime(cause) | Fault::Named { cause, .. }) => {
                let failure = Failure::other(Some("States.Runtime".to_owned()), Some(cause));
                self.leave_scope(id, failure);
            }
        }
    }

    fn retry(&mut self, id: usize, node: &Node, failure: &Failure) -> bool {
        let Some(index) = node
            .retry
            .iter()
            .position(|retry| failure.is_meant_by(&retry.errors))
        else {
            return false;
        };
        let (Some(retry), Some(frame)) = (node.retry.get(index), self.execution.frame_mut(id)) else {
            return false;
        };
        if frame.retries.len() <= index {
            frame.retries.resize(index + 1, 0);
        }
        let Some(used) = frame.retries.get_mut(index) else {
            return false;
        };
        if u64::from(*used) >= retry.max_attempts {
            return false;
        }
        let before = *used;
        *used += 1;
        frame.retry_count += 1;
        let delay = self.delay(retry, before);
        let until = self.now.plus_seconds(delay);
        if let Some(frame) = self.execution.frame_mut(id) {
            frame.activity = Activity::Retry { until };
        }
        true
    }

    fn delay(&self, retry: &Retry, used: u32) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 99999999 seconds")]
        let (interval, longest) = (
            retry.interval_seconds as f64,
            retry
                .max_delay_seconds
                .map_or(f64::INFINITY, |seconds| seconds as f64),
        );
        let exponent = i32::try_from(used).unwrap_or(i32::MAX);
        let delay = (interval * retry.backoff_rate.powi(exponent))
            .min(longest)
            .min(1e9);
        match retry.jitter {
            Jitter::None => delay,
            Jitter::Full => delay * self.execution.entropy.borrow_mut().unit(),
        }
    }

    /// An error that nothing in this scope catches.
    pub(super) fn leave_scope(&mut self, id: usize, failure: Failure) {
        let Some(frame) = self.execution.frame(id) else {
            return;
        };
        if self.origin.is_none() {
            // The branches around will be ended.
            let frames = frame.parent.map(|_| self.execution.frames.clone());
            self.origin = Some(Origin { frame: id, frames });
        }
        match frame.parent {
            Some(parent) => self.child_failed(parent, id, failure),
            None => {
                let previous = frame.previous;
                let Failure { error, cause, .. } = failure;
                self.end(previous, Outcome::Failed { error, cause });
            }
        }
    }

    /// Ends a thread and all that it started.
    pub(super) fn abort(&mut self, id: usize, announce: bool) {
        let Some((node, frame)) = self.at(id) else { return };
        let token = frame.token().map(str::to_owned);
        let children = match &frame.activity {
            Activity::Fanout(fanout) => fanout.running.clone(),
            _ => Vec::new(),
        };
        let kind = match &node.kind {
            Kind::Task(_) => Some(EventKind::TaskStateAborted),
            Kind::Wait(_) => Some(EventKind::WaitStateAborted),
            Kind::Parallel(_) => Some(EventKind::ParallelStateAborted),
            Kind::Map(_) => Some(EventKind::MapStateAborted),
            _ => None,
        };
        for child in children {
            self.abort(child, announce);
        }
        if let (true, Some(kind)) = (announce, kind) {
            self.advance(id, kind);
        }
        self.commands
            .extend(token.map(|token| Command::CancelTask { token }));
        if let Some(slot) = self.execution.frames.get_mut(id) {
            *slot = None;
        }
    }
}
