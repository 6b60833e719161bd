use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::Engine;
use super::frame::{Activity, Frame};
use super::history::{EventKind, HistoryEvent};
use super::{Command, Event, ExecutionContext, Outcome, Timestamp};
use crate::entropy::Entropy;
use crate::machine::Machine;

/// A run of a machine. Serializes at any step and goes on from there; the history is not part of it, the host takes
/// it as it grows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Execution {
    pub(super) context: ExecutionContext,
    pub(super) input: Arc<Value>,
    pub(super) frames: Vec<Option<Frame>>,
    pub(super) last_event: u64,
    pub(super) entropy: RefCell<Entropy>,
    pub(super) deadline: Option<Timestamp>,
    /// What the host was last asked to wake at.
    pub(super) wake_at: Option<Timestamp>,
    pub(super) outcome: Option<Outcome>,
    /// The frame in which it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<usize>,
    /// Events since they were last taken.
    #[serde(skip)]
    pub(super) history: Vec<HistoryEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fixed_context: Option<Value>,
    /// TestState calls every state by one name.
    #[serde(skip)]
    pub(super) shown_state: Option<&'static str>,
    /// In the place of tokens that follow from the seed.
    #[serde(skip)]
    pub(super) tokens: Option<Arc<dyn Tokens>>,
}

/// Where a host's tokens come from. Tokens of the seed can be computed by whoever has seen one, or any other random
/// value of the run.
pub trait Tokens: fmt::Debug + Send + Sync {
    /// The token of a task that is about to be scheduled. `event` is the newest event of the execution at that moment;
    /// no other token of the execution is asked for at the same one.
    fn token(&self, event: u64) -> String;
}

/// Begins a run. The instant is that of `context.started`.
pub fn start(machine: &Machine, input: Value, context: ExecutionContext) -> (Execution, Vec<Command>) {
    begin(machine, input, context, None)
}

/// Begins a run with tokens of the host's. They are not part of the serialized execution: see [`Execution::set_tokens`].
pub fn start_with_tokens(
    machine: &Machine,
    input: Value,
    context: ExecutionContext,
    tokens: Arc<dyn Tokens>,
) -> (Execution, Vec<Command>) {
    begin(machine, input, context, Some(tokens))
}

fn begin(
    machine: &Machine,
    input: Value,
    context: ExecutionContext,
    tokens: Option<Arc<dyn Tokens>>,
) -> (Execution, Vec<Command>) {
    let now = context.started;
    let input = Arc::new(input);
    let mut execution = Execution {
        entropy: RefCell::new(Entropy::new(context.seed)),
        #[expect(clippy::cast_precision_loss, reason = "a timeout is at most 99999999 seconds")]
        deadline: machine
            .timeout_seconds
            .map(|seconds| now.plus_seconds(seconds as f64)),
        context,
        input: Arc::clone(&input),
        frames: vec![Some(Frame::new(None, 0, machine.start, Arc::clone(&input)))],
        last_event: 0,
        wake_at: None,
        outcome: None,
        failed: None,
        history: Vec::new(),
        fixed_context: None,
        shown_state: None,
        tokens,
    };
    let mut engine = Engine::new(machine, &mut execution, now);
    let role_arn = engine.execution.context.role_arn.clone();
    engine.record(0, EventKind::ExecutionStarted { input, role_arn });
    engine.ready(0);
    let commands = engine.run();
    (execution, commands)
}

impl Execution {
    /// Takes in what happened and says what to do. What comes too late, or for a token that is not open, changes
    /// nothing.
    pub fn apply(&mut self, machine: &Machine, now: Timestamp, event: Event) -> Vec<Command> {
        if self.outcome.is_some() {
            return Vec::new();
        }
        let mut engine = Engine::new(machine, self, now);
        engine.take_in(event);
        engine.run()
    }

    /// Names the host's tokens again, after the execution was read back.
    pub fn set_tokens(&mut self, tokens: Arc<dyn Tokens>) {
        self.tokens = Some(tokens);
    }

    /// When something is due: what the host was last asked to wake at.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.wake_at
    }

    /// The events since they were last taken, oldest first.
    pub fn take_history(&mut self) -> Vec<HistoryEvent> {
        std::mem::take(&mut self.history)
    }

    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    pub fn context(&self) -> &ExecutionContext {
        &self.context
    }

    pub fn input(&self) -> &Value {
        &self.input
    }

    /// The id of the newest event: how long the history is.
    pub fn events(&self) -> u64 {
        self.last_event
    }

    /// The tokens that are waited for, with the names of their states.
    pub fn open_tasks<'a>(&'a self, machine: &'a Machine) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.frames.iter().flatten().filter_map(|frame| {
            let token = frame.token()?;
            Some((token, &*machine.node(frame.node)?.name))
        })
    }

    pub(super) fn frame(&self, id: usize) -> Option<&Frame> {
        self.frames.get(id)?.as_ref()
    }

    pub(super) fn frame_mut(&mut self, id: usize) -> Option<&mut Frame> {
        self.frames.get_mut(id)?.as_mut()
    }

    pub(super) fn new_token(&self) -> String {
        match &self.tokens {
            Some(tokens) => tokens.token(self.last_event),
            None => self.entropy.borrow_mut().token(),
        }
    }

    pub(super) fn with_token(&self, token: &str) -> Option<usize> {
        self.frames
            .iter()
            .position(|frame| frame.as_ref().and_then(Frame::token) == Some(token))
    }

    /// The earliest instant at which something is due.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let frames = self.frames.iter().flatten().filter_map(Frame::deadline);
        frames.chain(self.deadline).min()
    }

    pub(super) fn is_resting(&self, id: usize) -> bool {
        self.frame(id)
            .is_some_and(|frame| !matches!(frame.activity, Activity::Ready))
    }
}
