//! Parallel and inline Map: threads that start together and meet again.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::engine::Engine;
use super::failure::Failure;
use super::frame::{Activity, Fanout, Frame};
use super::history::EventKind;
use crate::expression::StatesVariable;
use crate::machine::{Kind, MapNode, Node};
use crate::template::Fault;

impl Engine<'_> {
    pub(super) fn fork(&mut self, id: usize, node: &Node, branches: &[usize]) -> Result<(), Fault> {
        let effective = self.effective_input(id, node)?;
        let input = self.arguments(id, node, &effective, None)?;
        let started = self.advance(id, EventKind::ParallelStateStarted);
        let mut running = Vec::with_capacity(branches.len());
        for (index, start) in branches.iter().enumerate() {
            let mut frame = Frame::new(Some(id), index, *start, Arc::clone(&input));
            frame.previous = started;
            running.push(self.spawn(frame));
        }
        self.set_fanout(
            id,
            Fanout {
                running: running.clone(),
                results: vec![None; branches.len()],
                waiting: VecDeque::new(),
                effective,
                last: started,
            },
        );
        running.into_iter().for_each(|child| self.ready(child));
        if branches.is_empty() {
            self.joined(id);
        }
        Ok(())
    }

    /// Starts the iterations of an inline Map.
    pub(super) fn iterate(
        &mut self,
        id: usize,
        map: &MapNode,
        effective: Arc<Value>,
        items: Vec<Value>,
        concurrency: u64,
    ) -> Result<(), Fault> {
        let length = items.len();
        let started = self.execution.frame(id).map_or(0, |frame| frame.previous);
        self.set_fanout(
            id,
            Fanout {
                running: Vec::new(),
                results: vec![None; length],
                waiting: items.into_iter().map(Arc::new).enumerate().collect(),
                effective,
                last: started,
            },
        );
        // AWS runs at most 40 iterations of an inline Map at a time.
        let most = if concurrency == 0 { 40 } else { concurrency.min(40) };
        for _ in 0..most {
            self.next_iteration(id, map)?;
        }
        if length == 0 {
            self.joined(id);
        }
        Ok(())
    }

    /// Starts the iteration that waits longest.
    fn next_iteration(&mut self, id: usize, map: &MapNode) -> Result<(), Fault> {
        let Some((node, _)) = self.at(id) else {
            return Ok(());
        };
        let Some(fanout) = self.fanout_mut(id) else {
            return Ok(());
        };
        let (last, effective) = (fanout.last, Arc::clone(&fanout.effective));
        let Some((index, item)) = fanout.waiting.pop_front() else {
            return Ok(());
        };
        let started = self.record(
            last,
            EventKind::MapIterationStarted {
                index,
                name: Arc::clone(&node.name),
            },
        );
        let input = self.item_input(id, map, &effective, index, &item)?;
        let mut frame = Frame::new(Some(id), index, map.start, input);
        frame.previous = started;
        frame.item = Some(item);
        let child = self.spawn(frame);
        if let Some(fanout) = self.fanout_mut(id) {
            fanout.running.push(child);
        }
        self.ready(child);
        Ok(())
    }

    /// An iteration's input: the item, or what the selector makes of it.
    pub(super) fn item_input(
        &self,
        id: usize,
        map: &MapNode,
        effective: &Value,
        index: usize,
        item: &Arc<Value>,
    ) -> Result<Arc<Value>, Fault> {
        let Some(selector) = &map.selector else {
            return Ok(Arc::clone(item));
        };
        let Some(mut scope) = self.scope(id, effective, None) else {
            return Ok(Arc::clone(item));
        };
        scope.context.item = Some((index, item));
        selector.evaluate(&scope, StatesVariable::default()).map(Arc::new)
    }

    fn spawn(&mut self, frame: Frame) -> usize {
        let frames = &mut self.execution.frames;
        match frames.iter().position(Option::is_none) {
            Some(free) => {
                if let Some(slot) = frames.get_mut(free) {
                    *slot = Some(frame);
                }
                free
            }
            None => {
                frames.push(Some(frame));
                frames.len() - 1
            }
        }
    }

    fn set_fanout(&mut self, id: usize, fanout: Fanout) {
        if let Some(frame) = self.execution.frame_mut(id) {
            frame.activity = Activity::Fanout(Box::new(fanout));
        }
    }

    fn fanout_mut(&mut self, id: usize) -> Option<&mut Fanout> {
        match &mut self.execution.frame_mut(id)?.activity {
            Activity::Fanout(fanout) => Some(fanout),
            _ => None,
        }
    }

    /// A branch or iteration came to its end.
    pub(super) fn child_finished(&mut self, parent: usize, child: usize, output: Arc<Value>) {
        let Some((node, _)) = self.at(parent) else { return };
        let Some((index, previous)) = self
            .execution
            .frame(child)
            .map(|frame| (frame.index, frame.previous))
        else {
            return;
        };
        if let Some(slot) = self.execution.frames.get_mut(child) {
            *slot = None;
        }
        let mut last = previous;
        if matches!(node.kind, Kind::Map(_)) {
            let succeeded = EventKind::MapIterationSucceeded {
                index,
                name: Arc::clone(&node.name),
            };
            last = self.record(previous, succeeded);
        }
        let Some(fanout) = self.fanout_mut(parent) else {
            return;
        };
        fanout.running.retain(|running| *running != child);
        if let Some(result) = fanout.results.get_mut(index) {
            *result = Some(output);
        }
        fanout.last = previous;
        let (more, open) = (!fanout.waiting.is_empty(), !fanout.running.is_empty());
        if let Some(frame) = self.execution.frame_mut(parent) {
            frame.previous = last;
        }
        if let (true, Kind::Map(map)) = (more, &node.kind) {
            if let Err(fault) = self.next_iteration(parent, map) {
                self.abort_children(parent);
                self.fault(parent, node, fault);
            }
        } else if !open {
            self.joined(parent);
        }
    }

    /// All branches or iterations are done.
    fn joined(&mut self, id: usize) {
        let Some((node, frame)) = self.at(id) else { return };
        let Activity::Fanout(fanout) = &frame.activity else {
            return;
        };
        let results = fanout.results.iter().flatten().map(|result| (**result).clone());
        let result = Arc::new(Value::Array(results.collect()));
        let previous = frame.previous;
        let kind = if matches!(node.kind, Kind::Map(_)) {
            EventKind::MapStateSucceeded
        } else {
            EventKind::ParallelStateSucceeded
        };
        // The exited event follows what this one follows.
        self.record(previous, kind);
        self.worked(id, &result);
    }

    /// A branch or iteration failed: the others end, and the state fails with its error.
    pub(super) fn child_failed(&mut self, parent: usize, child: usize, failure: Failure) {
        let Some((node, _)) = self.at(parent) else { return };
        let Some((child_node, frame)) = self.at(child) else {
            return;
        };
        let (index, previous) = (frame.index, frame.previous);
        let by_task = matches!(child_node.kind, Kind::Task(_));
        if matches!(node.kind, Kind::Map(_)) {
            self.record(
                previous,
                EventKind::MapIterationFailed {
                    index,
                    name: Arc::clone(&node.name),
                },
            );
        }
        self.abort(child, by_task);
        self.abort_children(parent);
        if let Some(frame) = self.execution.frame_mut(parent) {
            frame.previous = previous;
        }
        self.fail(parent, failure);
    }

    fn abort_children(&mut self, parent: usize) {
        let Some((node, _)) = self.at(parent) else { return };
        let Some(fanout) = self.fanout_mut(parent) else {
            return;
        };
        let running = std::mem::take(&mut fanout.running);
        fanout.waiting.clear();
        for child in running {
            let Some(index) = self.execution.frame(child).map(|frame| frame.index) else {
                continue;
            };
            let previous = self.execution.frame(child).map_or(0, |frame| frame.previous);
            if matches!(node.kind, Kind::Map(_)) {
                self.record(
                    previous,
                    EventKind::MapIterationAborted {
                        index,
                        name: Arc::clone(&node.name),
                    },
                );
            }
            self.abort(child, true);
        }
    }
}
