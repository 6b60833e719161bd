//! The ways of tokens, as the history of an execution tells them.

use std::collections::{BTreeMap, BTreeSet};

use asl::types::StateType;
use asl::{EventKind, HistoryEvent, TaskStage};

use super::Run;
use crate::workflow::Workflow;
use crate::{From, Hop, To};

impl Run {
    /// From each state that has to be one to the next; what only decides or ends lies in between.
    pub(in crate::tests) fn hops(&self, workflow: &Workflow) -> Vec<Hop> {
        let history = History {
            events: self.history.iter().map(|event| (event.id, event)).collect(),
            circling: crate::bound::circling(workflow),
        };
        let followed: BTreeSet<u64> = self
            .history
            .iter()
            .filter(|event| matches!(event.kind, EventKind::StateEntered { .. }))
            .map(|event| event.previous_event_id)
            .collect();
        let mut hops = Vec::new();
        for event in &self.history {
            let to = match &event.kind {
                EventKind::StateEntered { state, name, .. } if !history.lies_between(*state, name) => {
                    match name.contains(":raise:") {
                        true => To::Left,
                        false => To::Node(plain(name)),
                    }
                }
                // The last state of a branch or of the execution.
                EventKind::StateExited { .. } if !followed.contains(&event.id) => To::End,
                _ => continue,
            };
            let from = match to {
                To::End => history.left(event),
                _ => history.came_from(event),
            };
            hops.push(Hop { from, to });
        }
        hops
    }
}

struct History<'h> {
    events: BTreeMap<u64, &'h HistoryEvent>,
    circling: BTreeSet<String>,
}

impl History<'_> {
    fn lies_between(&self, state: StateType, name: &str) -> bool {
        matches!(state, StateType::Choice | StateType::Pass | StateType::Succeed)
            && !self.circling.contains(&plain(name))
    }

    /// What was left before a state was entered.
    fn came_from(&self, entered: &HistoryEvent) -> From {
        match self.events.get(&entered.previous_event_id) {
            Some(exit) if matches!(exit.kind, EventKind::StateExited { .. }) => self.left(exit),
            _ => match &entered.kind {
                EventKind::StateEntered { name, .. } => From::Begin(plain(name)),
                _ => From::Begin(String::new()),
            },
        }
    }

    fn left(&self, exit: &HistoryEvent) -> From {
        let EventKind::StateExited { state, name, .. } = &exit.kind else {
            return From::Begin(String::new());
        };
        let before = self.events.get(&exit.previous_event_id);
        if self.lies_between(*state, name) {
            return match before {
                Some(entered) => self.came_from(entered),
                None => From::Begin(plain(name)),
            };
        }
        let is_caught = before.is_some_and(|event| match &event.kind {
            EventKind::ParallelStateFailed | EventKind::MapStateFailed => true,
            EventKind::Task(task) => matches!(task.stage, TaskStage::Failed { .. }),
            _ => false,
        });
        match is_caught {
            true => From::Caught(plain(name)),
            false => From::Node(plain(name)),
        }
    }
}

/// The first state of a region may be one more of its node.
fn plain(name: &str) -> String {
    name.strip_suffix(":first").unwrap_or(name).to_owned()
}
