//! Where the tokens are: a tree of what is under way.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::data::Data;
use super::{Answer, Place};

/// One token's way: the whole of a scope, a branch of a fork, or an iteration.
#[derive(Debug)]
pub(super) struct Branch {
    /// Where its state has a token of its own; else the data are further inside.
    pub(super) data: Data,
    /// The join that ends it.
    pub(super) until: Option<String>,
    pub(super) state: State,
    pub(super) listener: Option<Listener>,
    /// The node that was entered last.
    pub(super) last: String,
}

#[derive(Debug)]
pub(super) enum State {
    /// About to enter.
    Moving(String),
    /// About to enter a join at which all have arrived.
    Joined(String),
    /// At a join that waits for branches of other forks.
    Arrived(String),
    /// In a place that is no activity.
    Resting(Place),
    Fork(Box<Fork>),
    Active(Box<Active>),
    /// A listener that has no place: nobody outside answers escalations.
    Idle,
    Done,
}

#[derive(Debug)]
pub(super) struct Fork {
    pub(super) base: Data,
    /// The join; `None`: the fork ends with the branch around.
    pub(super) then: Option<String>,
    /// Where there are listeners, the first branch is the way that they listen on.
    pub(super) branches: Vec<Branch>,
}

#[derive(Debug)]
pub(super) struct Active {
    pub(super) place: Place,
    /// One iteration of a multi-instance: events and flows are those of the whole.
    pub(super) is_iteration: bool,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Fresh,
    Rest,
    Scope(Scope),
    Multi(Multi),
    Left { outcome: Option<String> },
}

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) node: String,
    pub(super) serial: u64,
    pub(super) root: Branch,
    /// An interrupting event sub-process has taken over.
    pub(super) is_interrupted: bool,
}

#[derive(Debug)]
pub(super) struct Multi {
    /// The data of the activity; with `sequential`, while no iteration has them.
    pub(super) base: Data,
    pub(super) items: Vec<Value>,
    pub(super) sequential: bool,
    pub(super) element: Option<String>,
    /// The value that the element's variable hides.
    pub(super) hidden: Option<Value>,
    pub(super) next: usize,
    pub(super) runs: Vec<(usize, Branch)>,
    pub(super) outputs: BTreeMap<usize, Map<String, Value>>,
}

#[derive(Debug, Clone)]
pub(super) struct Listener {
    pub(super) node: String,
    pub(super) owner: Owner,
    /// How often it opens again; `None`: always.
    pub(super) again: Option<u64>,
    pub(super) is_over: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Owner {
    Activity(Place),
    Scope(u64),
}

/// Why a token leaves everything up to what catches it.
#[derive(Debug)]
pub(super) struct Leave {
    pub(super) cause: Cause,
    pub(super) data: Box<Data>,
}

#[derive(Debug)]
pub(super) enum Cause {
    /// To this event, which takes its writes from the data.
    Event(String, Map<String, Value>),
    Terminate {
        rejected: bool,
    },
    /// Nobody catches it.
    Incident(Place, String),
}

impl Branch {
    pub(super) fn new(data: Data, until: Option<String>, state: State) -> Self {
        Self {
            data,
            until,
            state,
            listener: None,
            last: String::new(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Its writes as they were when it last entered a place.
    pub(super) fn rested(&self) -> Option<Map<String, Value>> {
        match &self.state {
            State::Fork(fork) => fork.rested(None),
            State::Active(active) => match &active.body {
                Body::Scope(scope) => scope.root.rested(),
                Body::Multi(multi) => multi.rested(),
                _ => self.data.rested.clone(),
            },
            _ => self.data.rested.clone(),
        }
    }
}

impl Fork {
    /// `leaving`: the branch that leaves, with what it had.
    pub(super) fn rested(&self, leaving: Option<(usize, &Data)>) -> Option<Map<String, Value>> {
        let of = |(at, branch): (usize, &Branch)| match leaving {
            Some((left, data)) if left == at => data.rested.clone(),
            _ => branch.rested(),
        };
        let inside: Vec<_> = self.branches.iter().enumerate().filter_map(of).collect();
        if inside.is_empty() {
            return self.base.rested.clone();
        }
        let mut writes = self.base.writes();
        writes.extend(inside.into_iter().flatten());
        Some(writes)
    }
}

impl Multi {
    pub(super) fn rested(&self) -> Option<Map<String, Value>> {
        let mut inside = self.runs.iter().filter_map(|(_, branch)| branch.rested());
        if self.sequential {
            return inside.next().or_else(|| self.base.rested.clone());
        }
        match inside.next() {
            Some(_) => Some(self.base.writes()),
            None => self.base.rested.clone(),
        }
    }
}

impl Answer {
    pub(super) fn event(&self) -> Option<(&str, &Map<String, Value>)> {
        match self {
            Self::Event { node, data } => Some((node, data)),
            _ => None,
        }
    }
}
