//! One call of `start` or `apply`: what it works on, and the loop that runs every thread to its next rest.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::evaluate::Exit;
use super::execution::Execution;
use super::failure::Failure;
use super::frame::{Activity, Frame};
use super::history::{EventKind, HistoryEvent};
use super::{Command, Event, MAX_EVENTS, Outcome, Timestamp};
use crate::machine::{Kind, Machine, Node};

pub(super) struct Engine<'a> {
    pub(super) machine: &'a Machine,
    pub(super) execution: &'a mut Execution,
    pub(super) now: Timestamp,
    pub(super) commands: Vec<Command>,
    ready: VecDeque<usize>,
    /// Where an error began that nothing has caught yet, and how things stood then.
    pub(super) origin: Option<Origin>,
}

pub(super) struct Origin {
    pub(super) frame: usize,
    /// None where nothing was ended since.
    pub(super) frames: Option<Vec<Option<Frame>>>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(machine: &'a Machine, execution: &'a mut Execution, now: Timestamp) -> Self {
        Self {
            machine,
            execution,
            now,
            commands: Vec::new(),
            ready: VecDeque::new(),
            origin: None,
        }
    }

    pub(super) fn ready(&mut self, frame: usize) {
        if let Some(frame) = self.execution.frame_mut(frame) {
            frame.activity = Activity::Ready;
        }
        self.ready.push_back(frame);
    }

    pub(super) fn is_done(&self) -> bool {
        self.execution.outcome.is_some()
    }

    /// Adds an event and gives its id.
    pub(super) fn record(&mut self, previous: u64, kind: EventKind) -> u64 {
        self.execution.last_event += 1;
        let id = self.execution.last_event;
        self.execution.history.push(HistoryEvent {
            id,
            previous_event_id: previous,
            timestamp: self.now,
            kind,
        });
        id
    }

    /// Adds an event that the frame's next one follows.
    pub(super) fn advance(&mut self, frame: usize, kind: EventKind) -> u64 {
        let previous = self.execution.frame(frame).map_or(0, |frame| frame.previous);
        let id = self.record(previous, kind);
        if let Some(frame) = self.execution.frame_mut(frame) {
            frame.previous = id;
        }
        id
    }

    pub(super) fn run(mut self) -> Vec<Command> {
        while let Some(frame) = self.ready.pop_front() {
            if self.is_done() {
                break;
            }
            if self.execution.last_event >= MAX_EVENTS - 1 {
                self.out_of_events(frame);
                break;
            }
            self.enter(frame);
        }
        if !self.is_done() {
            let deadline = self.execution.next_deadline();
            if deadline != self.execution.wake_at {
                self.execution.wake_at = deadline;
                self.commands.extend(deadline.map(Command::WakeAt));
            }
        }
        self.commands
    }

    fn out_of_events(&mut self, frame: usize) {
        let previous = self.execution.frame(frame).map_or(0, |frame| frame.previous);
        self.end(
            previous,
            Outcome::Failed {
                error: Some("States.Runtime".to_owned()),
                cause: Some(format!(
                    "The execution reached the maximum number of history events ({MAX_EVENTS})."
                )),
            },
        );
    }

    /// Enters the state that the frame stands at.
    fn enter(&mut self, id: usize) {
        let now = self.now;
        let Some((node, frame)) = self.at(id) else { return };
        let (before, input) = (frame.previous, Arc::clone(&frame.input));
        let entered = self.record(
            before,
            EventKind::StateEntered {
                state: node.kind.state_type(),
                name: Arc::clone(&node.name),
                input,
            },
        );
        if let Some(frame) = self.execution.frame_mut(id) {
            frame.before = before;
            frame.entered = entered;
            frame.previous = entered;
            frame.entered_at = now;
            frame.retries.clear();
            frame.retry_count = 0;
        }
        self.work(id);
    }

    /// Does what the state is for. A retry comes here again without entering.
    pub(super) fn work(&mut self, id: usize) {
        let Some((node, _)) = self.at(id) else { return };
        let result = match &node.kind {
            Kind::Pass(result) => self.pass(id, node, result.as_ref()),
            Kind::Task(task) => self.schedule(id, node, task),
            Kind::Choice(choice) => self.choose(id, node, choice),
            Kind::Wait(wait) => self.rest(id, node, wait),
            Kind::Succeed => self.succeed(id, node),
            Kind::Fail(fail) => self.raise(id, node, fail),
            Kind::Parallel(branches) => self.fork(id, node, branches),
            Kind::Map(map) => self.map(id, node, map),
        };
        if let Err(fault) = result {
            self.fault(id, node, fault);
        }
    }

    pub(super) fn at(&self, id: usize) -> Option<(&'a Node, &Frame)> {
        let frame = self.execution.frame(id)?;
        Some((self.machine.node(frame.node)?, frame))
    }

    /// Leaves a state: its event, its variables, and on to the next or out of the scope.
    pub(super) fn exit(&mut self, id: usize, node: &Node, exit: Exit, next: Option<usize>) {
        let Exit { output, assigned } = exit;
        self.advance(
            id,
            EventKind::StateExited {
                state: node.kind.state_type(),
                name: Arc::clone(&node.name),
                output: Arc::clone(&output),
                assigned: assigned.clone(),
            },
        );
        let Some(frame) = self.execution.frame_mut(id) else {
            return;
        };
        frame.variables.extend(assigned);
        frame.input = Arc::clone(&output);
        match next {
            Some(next) => {
                frame.node = next;
                self.ready(id);
            }
            None => self.finish(id, output),
        }
    }

    /// A scope came to its end.
    fn finish(&mut self, id: usize, output: Arc<Value>) {
        let Some(frame) = self.execution.frame(id) else {
            return;
        };
        match frame.parent {
            Some(parent) => self.child_finished(parent, id, output),
            None => {
                let previous = frame.previous;
                self.record(
                    previous,
                    EventKind::ExecutionSucceeded {
                        output: Arc::clone(&output),
                    },
                );
                self.done(Outcome::Succeeded {
                    output: (*output).clone(),
                });
            }
        }
    }

    /// Ends the execution otherwise than well.
    pub(super) fn end(&mut self, previous: u64, outcome: Outcome) {
        let kind = match outcome.clone() {
            Outcome::Succeeded { output } => EventKind::ExecutionSucceeded {
                output: Arc::new(output),
            },
            Outcome::Failed { error, cause } => EventKind::ExecutionFailed { error, cause },
            Outcome::TimedOut => EventKind::ExecutionTimedOut,
            Outcome::Aborted { error, cause } => EventKind::ExecutionAborted { error, cause },
        };
        self.record(previous, kind);
        let open: Vec<String> = self
            .execution
            .frames
            .iter()
            .flatten()
            .filter_map(|frame| frame.token().map(str::to_owned))
            .collect();
        self.commands
            .extend(open.into_iter().map(|token| Command::CancelTask { token }));
        self.done(outcome);
    }

    fn done(&mut self, outcome: Outcome) {
        // What did not succeed can be redriven: from how things stood when it failed.
        match (&outcome, self.origin.take()) {
            (Outcome::Succeeded { .. }, _) => self.execution.frames.clear(),
            (_, Some(origin)) => {
                self.execution.failed = Some(origin.frame);
                if let Some(frames) = origin.frames {
                    self.execution.frames = frames;
                }
            }
            (_, None) => {}
        }
        self.execution.outcome = Some(outcome.clone());
        self.execution.wake_at = None;
        self.commands.push(Command::Done(outcome));
    }

    pub(super) fn take_in(&mut self, event: Event) {
        match event {
            Event::Time => self.look_at_deadlines(),
            Event::Stop { error, cause } => self.end(0, Outcome::Aborted { error, cause }),
            Event::ActivityStarted { token, worker } => self.activity_started(&token, worker),
            Event::TaskSubmitted { token, output } => self.task_submitted(&token, output),
            Event::TaskSucceeded { token, output } => self.task_succeeded(&token, output),
            Event::TaskFailed { token, error, cause } => {
                self.task_failed(&token, Failure::task(error, cause))
            }
            Event::TaskTimedOut { token, error, cause } => {
                self.task_timed_out(&token, Failure::timeout(error, cause));
            }
            Event::Heartbeat { token } => self.heartbeat(&token),
            Event::MapRunStarted { token, map_run_arn } => self.map_run_started(&token, map_run_arn),
            Event::MapRunSucceeded { token, output } => self.map_run_succeeded(&token, output),
            Event::MapRunFailed { token, error, cause } => self.map_run_failed(&token, error, cause),
        }
    }

    fn look_at_deadlines(&mut self) {
        if self
            .execution
            .deadline
            .is_some_and(|deadline| deadline <= self.now)
        {
            self.end(0, Outcome::TimedOut);
            return;
        }
        for id in 0..self.execution.frames.len() {
            let due = |frame: &Frame| frame.deadline().is_some_and(|deadline| deadline <= self.now);
            if self.execution.frame(id).is_some_and(due) && self.execution.is_resting(id) {
                self.due(id);
            }
            if self.is_done() {
                return;
            }
        }
    }

    fn due(&mut self, id: usize) {
        let Some((node, frame)) = self.at(id) else { return };
        match &frame.activity {
            Activity::Wait { .. } => self.rested(id, node),
            Activity::Retry { .. } => self.work(id),
            Activity::Task(task) => {
                let heartbeat = task.timeout_at.is_none_or(|timeout| timeout > self.now);
                let token = task.token.clone();
                self.task_timed_out(&token, Failure::deadline(heartbeat));
            }
            _ => {}
        }
    }
}
