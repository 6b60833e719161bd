//! A single state looked at from outside: what the API operation TestState needs.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::engine::Engine;
use super::evaluate::combine;
use super::execution::Execution;
use super::failure::Failure;
use super::frame::{Activity, Frame};
use super::history::EventKind;
use super::{ExecutionContext, Outcome};
use crate::entropy::Entropy;
use crate::expression::StatesVariable;
use crate::machine::{Kind, Machine, Node, Quantity};
use crate::types::QueryLanguage;

pub(crate) struct Probe<'m> {
    machine: &'m Machine,
    node: &'m Node,
    execution: Execution,
    retried: u32,
    failure: Option<Failure>,
}

/// Where the state stands after its work.
pub(crate) enum Stand {
    Exited {
        output: Arc<Value>,
        next: Option<String>,
        /// Error, cause and which catcher.
        caught: Option<(Option<String>, Option<String>, usize)>,
    },
    Failed {
        error: Option<String>,
        cause: Option<String>,
        retry_index: Option<usize>,
    },
    Retrying {
        error: Option<String>,
        cause: Option<String>,
        index: usize,
        seconds: f64,
    },
    Waiting,
}

impl<'m> Probe<'m> {
    pub(crate) fn enter(
        machine: &'m Machine,
        state: &str,
        input: &Value,
        context: &ExecutionContext,
    ) -> Option<Self> {
        let index = machine
            .nodes
            .iter()
            .position(|node| &*node.name == state)
            .unwrap_or(machine.start);
        let input = Arc::new(input.clone());
        let mut frame = Frame::new(None, 0, index, Arc::clone(&input));
        frame.entered_at = context.started;
        let node = machine.nodes.get(index)?;
        Some(Self {
            machine,
            node,
            execution: Execution {
                entropy: RefCell::new(Entropy::new(context.seed)),
                deadline: None,
                context: context.clone(),
                input,
                frames: vec![Some(frame)],
                last_event: 0,
                wake_at: None,
                outcome: None,
                failed: None,
                history: Vec::new(),
                fixed_context: None,
                tokens: None,
                shown_state: Some("StateName"),
            },
            retried: 0,
            failure: None,
        })
    }

    pub(crate) fn set(
        &mut self,
        variables: &Map<String, Value>,
        context: Option<&Value>,
        retries: Option<u32>,
    ) {
        self.execution.fixed_context = context.cloned();
        self.retried = retries.unwrap_or(0);
        if let Some(frame) = self.execution.frame_mut(0) {
            frame.variables = variables
                .iter()
                .map(|(name, value)| (name.clone(), Arc::new(value.clone())))
                .collect();
            frame.retries = vec![self.retried; self.node.retry.len()];
        }
    }

    pub(crate) fn node(&self) -> &'m Node {
        self.node
    }

    fn engine(&mut self) -> Engine<'_> {
        let now = self.execution.context.started;
        Engine::new(self.machine, &mut self.execution, now)
    }

    /// Does the state's own work. Branches and iterations are not run: their result is given.
    pub(crate) fn work(&mut self) {
        if matches!(self.node.kind, Kind::Parallel(_) | Kind::Map(_)) {
            return;
        }
        self.engine().work(0);
        let node = self.node;
        let rests = |frame: &Frame| matches!(frame.activity, Activity::Wait { .. });
        if self.execution.frame(0).is_some_and(rests) {
            self.engine().rested(0, node);
        }
    }

    pub(crate) fn succeed(&mut self, result: &Arc<Value>) {
        self.engine().worked(0, result);
    }

    pub(crate) fn fail(&mut self, error: Option<String>, cause: Option<String>) {
        let failure = if matches!(self.node.kind, Kind::Task(_)) {
            Failure::task(error, cause)
        } else {
            Failure::other(error, cause)
        };
        self.failure = Some(failure.clone());
        self.engine().fail(0, failure);
    }

    /// None while the state waits for its work.
    pub(crate) fn stand(&self) -> Option<Stand> {
        let failure = self.failure.as_ref();
        let (error, cause) = failure
            .map(|failure| (failure.error.clone(), failure.cause.clone()))
            .unwrap_or_default();
        let retry_index = failure.and_then(|failure| {
            self.node
                .retry
                .iter()
                .position(|retry| failure.is_meant_by(&retry.errors))
        });
        let exited = self.execution.history.iter().find_map(|event| match &event.kind {
            EventKind::StateExited { output, .. } => Some(Arc::clone(output)),
            _ => None,
        });
        if let Some(output) = exited {
            let frame = self.execution.frame(0);
            let moved = self.execution.outcome.is_none().then_some(frame).flatten();
            let next = moved
                .and_then(|frame| self.machine.node(frame.node))
                .map(|node| node.name.to_string());
            let catch = failure.and_then(|failure| {
                self.node
                    .catch
                    .iter()
                    .position(|catch| failure.is_meant_by(&catch.errors))
            });
            let caught = catch.map(|index| (error, cause, index));
            return Some(Stand::Exited { output, next, caught });
        }
        if let Some(Outcome::Failed { error, cause }) = &self.execution.outcome {
            return Some(Stand::Failed {
                error: error.clone(),
                cause: cause.clone(),
                retry_index,
            });
        }
        match &self.execution.frame(0)?.activity {
            Activity::Retry { until } => {
                let milliseconds = until.milliseconds() - self.execution.context.started.milliseconds();
                #[expect(clippy::cast_precision_loss, reason = "a delay is far below 2^53")]
                let seconds = milliseconds as f64 / 1000.0;
                Some(Stand::Retrying {
                    error,
                    cause,
                    index: retry_index.unwrap_or(0),
                    seconds,
                })
            }
            _ => None,
        }
    }

    pub(crate) fn effective(&self) -> Option<Value> {
        self.with_engine(|engine, node| engine.effective_input(0, node).ok())
            .map(Arc::unwrap_or_clone)
    }

    pub(crate) fn arguments(&self) -> Option<Value> {
        let arguments = self.with_engine(|engine, node| {
            let effective = engine.effective_input(0, node).ok()?;
            let token = match &node.kind {
                Kind::Task(task) if task.resource.hands_out_tokens() => Some("token"),
                _ => None,
            };
            engine.arguments(0, node, &effective, token).ok()
        });
        arguments.map(Arc::unwrap_or_clone)
    }

    pub(crate) fn items(&self) -> Option<Value> {
        self.with_engine(|engine, node| {
            let Kind::Map(map) = &node.kind else { return None };
            if map.reader.is_some() {
                return None;
            }
            let effective = engine.effective_input(0, node).ok()?;
            engine.items(0, node, map, &effective).ok().map(Value::from)
        })
    }

    pub(crate) fn selected_items(&self) -> Option<Value> {
        let items = self.items()?;
        self.with_engine(|engine, node| {
            let Kind::Map(map) = &node.kind else { return None };
            map.selector.as_ref()?;
            let effective = engine.effective_input(0, node).ok()?;
            let items = items.as_array()?.iter().cloned().map(Arc::new).enumerate();
            items
                .map(|(index, item)| {
                    Some((*engine.item_input(0, map, &effective, index, &item).ok()?).clone())
                })
                .collect::<Option<Vec<Value>>>()
                .map(Value::from)
        })
    }

    /// The result after `ResultSelector`, and put where `ResultPath` says.
    pub(crate) fn after_result(&self, result: &Value) -> Option<(Value, Value)> {
        self.with_engine(|engine, node| {
            let selected = match &node.result_selector {
                Some(template) => engine
                    .evaluate(0, template, result, StatesVariable::default(), None)
                    .ok()?,
                None => result.clone(),
            };
            let raw = Arc::clone(&engine.execution.frame(0)?.input);
            let combined = combine(&raw, &Arc::new(selected.clone()), &node.result_path).ok()?;
            Some((selected, (*combined).clone()))
        })
    }

    pub(crate) fn number(&self, quantity: Option<&Quantity>) -> Option<f64> {
        let quantity = quantity?;
        let input = self.with_engine(|engine, node| engine.effective_input(0, node).ok())?;
        let value = self.with_engine(|engine, _| engine.quantity(0, quantity, &input).ok())?;
        value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// Looks without changing anything: the engine works on a copy.
    fn with_engine<T>(&self, look: impl FnOnce(&Engine<'_>, &Node) -> Option<T>) -> Option<T> {
        if self.node.language == QueryLanguage::JSONata || self.execution.frame(0).is_some() {
            let mut copy = self.execution.clone();
            let engine = Engine::new(self.machine, &mut copy, self.execution.context.started);
            return look(&engine, self.node);
        }
        None
    }
}
