//! A node of a [`Workflow`](super::Workflow): what it is, and what follows it.

use std::collections::BTreeSet;

use domain::text::Text;

use super::{NodeIndex, RegionIndex};
use crate::document::Assignments;
use crate::node::{EndStatus, Retry, Service, UserTask};

/// A node of a [`Workflow`]: one of the definition, or one that makes explicit what the definition implies.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Of an implied node: made of the id that it belongs to, with a colon.
    pub(crate) id: String,
    pub(crate) name: Option<Text>,
    /// The name of its state, where that is not its id.
    pub(crate) state: Option<String>,
    /// Implied, so that entering it is not told.
    pub(crate) silent: bool,
    pub(crate) kind: Kind,
    pub(crate) exit: Exit,
    /// It is entered as an iteration of this one.
    pub(crate) of: Option<Iteration>,
    /// Lies in a multi-instance, so that entering it tells the iteration.
    pub(crate) iterates: bool,
    /// It is reached from iterations further inside: so many of their numbers are its own.
    pub(crate) of_iteration: Option<usize>,
    /// Lies on a cycle, so its visits have to be counted.
    pub(crate) repeats: bool,
    /// Timers count from its entering.
    pub(crate) since: bool,
    pub(crate) region: RegionIndex,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Just passed: starts, merging gateways, events that have occurred, sub-processes.
    Pass,
    /// An end of the process; passed as well.
    Status(Ending),
    /// Sets variables: an expression of an object with them, over the data.
    Effect(Effect),
    /// Decides by conditions.
    Gateway,
    /// Rests until something from outside moves it.
    Place(Box<Place>),
    /// Calls a function and goes on with its answer.
    Call(Box<Call>),
    /// Changes what travels; passed as well.
    Step(Step),
    /// The exit leads to the join.
    Fork(Fork),
    /// Closes what is open in a scope that was left early.
    Close(Box<Close>),
    /// An error that nobody catches.
    Fail(String),
    /// The process is complete.
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) status: EndStatus,
    /// Other ends may have been entered before, and one that was rejected is not made good by this.
    pub(crate) may_follow: bool,
    /// Takes all other tokens away, and what they have come to.
    pub(crate) ends_all: bool,
}

/// The multi-instance that a node stands for the iterations of: they have its visit.
#[derive(Debug, Clone)]
pub(crate) struct Iteration {
    pub(crate) id: String,
    pub(crate) index: NodeIndex,
    pub(crate) repeats: bool,
}

/// A change of what travels beside the data of the definition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    /// Of the members that change, over what travels as `$s`.
    pub(crate) expression: String,
    /// Expressions of the definition in it.
    pub(crate) reads: Vec<String>,
    pub(crate) writes: Vec<String>,
    /// Of these what is gone again behind the loop that it is in.
    pub(crate) lends: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Fork {
    /// The first node of each branch.
    pub(crate) branches: Vec<NodeIndex>,
    /// Its only branch runs once for each element of a collection.
    pub(crate) each: Option<Box<Each>>,
    /// Its branches meet those of other forks, where some of them end.
    pub(crate) is_unnested: bool,
}

/// A branch that comes to a join which waits for branches of several forks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Join {
    pub(crate) at: NodeIndex,
    /// Which of the flows into it.
    pub(crate) flow: usize,
}

/// Parallel iterations.
#[derive(Debug, Clone)]
pub(crate) struct Each {
    /// The activity's, under which iterations keep what they know.
    pub(crate) id: String,
    pub(crate) collection: String,
    pub(crate) element: Option<String>,
    /// The variables that become lists.
    pub(crate) outputs: Vec<String>,
    /// What begins with it knows the outer iteration.
    pub(crate) is_nested: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) expression: String,
    pub(crate) writes: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) opens: Opens,
    /// What else than its own answer moves it.
    pub(crate) events: Vec<Listened>,
    pub(crate) catches: Vec<Catch>,
    /// Opens for an event that does not interrupt; its exit is for when it is over.
    pub(crate) is_listener: bool,
    /// The activity or scope with which a listener is over.
    pub(crate) attached: Option<Attached>,
    /// Nobody outside answers it: it waits for an escalation.
    pub(crate) is_hidden: bool,
}

/// What a listener belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attached {
    /// The start event stands for the process.
    pub(crate) to: NodeIndex,
    /// It was entered before the listener opens, so its visit is counted already.
    pub(crate) is_entered: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Opens {
    /// With the fields that its people may write and that travel.
    User(UserTask, Vec<String>),
    Timer,
    Receive,
    Call {
        called_element: String,
        input: Assignments,
        output: Assignments,
        status: Option<String>,
    },
}

/// An event that a place listens to.
#[derive(Debug, Clone)]
pub(crate) struct Listened {
    pub(crate) id: String,
    pub(crate) trigger: Trigger,
    /// The node from whose entering a timer counts; the opening of the place where there is none.
    pub(crate) since: Option<NodeIndex>,
    pub(crate) to: NodeIndex,
}

#[derive(Debug, Clone)]
pub(crate) enum Trigger {
    Timer(crate::document::Timer),
    Message {
        name: String,
        correlation: Option<String>,
        writes: Vec<String>,
    },
    Signal {
        name: String,
        writes: Vec<String>,
    },
    /// To this catcher.
    Escalation(Escalation),
}

/// An escalation that does not interrupt, for one entering of an activity or scope.
#[derive(Debug, Clone)]
pub(crate) struct Escalation {
    pub(crate) catcher: String,
    /// What the catcher is attached to.
    pub(crate) of: NodeIndex,
    /// How many numbers the iteration has that the catcher lies in.
    pub(crate) of_iteration: usize,
}

/// Where an error leads; no code: any.
#[derive(Debug, Clone)]
pub(crate) struct Catch {
    pub(crate) code: Option<String>,
    pub(crate) to: NodeIndex,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) what: Called,
    pub(crate) retry: Retry,
    /// What its answer may set.
    pub(crate) writes: Vec<String>,
    pub(crate) catches: Vec<Catch>,
}

#[derive(Debug, Clone)]
pub(crate) enum Called {
    Service(Service),
    Escalation(Escalation),
    Join(Join),
    /// Tells that an iteration of this multi-instance is complete.
    Arrive(NodeIndex),
    Message {
        name: String,
        correlation: Option<String>,
        data: Assignments,
    },
    Signal {
        name: String,
        data: Assignments,
    },
}

/// What `close_scope` is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Close {
    /// The places of the scope, each with the fields that its branch may write.
    pub(crate) places: Vec<(String, BTreeSet<String>)>,
    /// The services of the scope whose visits are counted.
    pub(crate) services: BTreeSet<String>,
    /// The regions that were left, but for those of the way that leaves.
    pub(crate) beside: Vec<RegionIndex>,
    /// The activity or scope whose listeners are over.
    pub(crate) release: Option<NodeIndex>,
}

/// What has to hold for a way.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// An expression of the definition, over the data.
    Data(String),
    /// Over what travels, as `$s`.
    Travelling { expression: String, reads: Vec<String> },
}

/// What follows a node.
#[derive(Debug, Clone)]
pub(crate) enum Exit {
    /// Nothing: the end, or only events lead on.
    None,
    Always(NodeIndex),
    /// Each outcome of the task is named once.
    Outcomes(Vec<(Vec<String>, NodeIndex)>),
    /// The first condition that holds, in the order of the flows.
    Conditions {
        when: Vec<(Condition, NodeIndex)>,
        otherwise: NodeIndex,
    },
}

impl Node {
    /// Its visits travel: those of implied forks and places tell one from the next.
    pub(crate) fn is_counted(&self) -> bool {
        let is_told = match &self.kind {
            Kind::Fork(fork) => fork.each.is_none(),
            Kind::Place(_) => true,
            _ => !self.silent,
        };
        self.repeats && self.of.is_none() && is_told
    }

    /// The node of the definition that entering it is told as.
    pub(crate) fn told_id(&self) -> &str {
        self.of.as_ref().map_or(&self.id, |of| &of.id)
    }

    /// Changes where it leads.
    pub(crate) fn lead(&mut self, to: impl Fn(NodeIndex) -> NodeIndex) {
        let change = |target: &mut NodeIndex| *target = to(*target);
        match &mut self.exit {
            Exit::None => {}
            Exit::Always(target) => change(target),
            Exit::Outcomes(exits) => exits.iter_mut().for_each(|(_, target)| change(target)),
            Exit::Conditions { when, otherwise } => {
                when.iter_mut().for_each(|(_, target)| change(target));
                change(otherwise);
            }
        }
        match &mut self.kind {
            Kind::Place(place) => {
                place.events.iter_mut().for_each(|event| change(&mut event.to));
                place.catches.iter_mut().for_each(|catch| change(&mut catch.to));
            }
            Kind::Call(call) => call.catches.iter_mut().for_each(|catch| change(&mut catch.to)),
            Kind::Fork(fork) => fork.branches.iter_mut().for_each(change),
            _ => {}
        }
    }

    pub(crate) fn state_name(&self) -> &str {
        self.state.as_deref().unwrap_or_else(|| self.told_id())
    }

    /// Of parallel iterations.
    pub(crate) fn each(&self) -> Option<&Each> {
        match &self.kind {
            Kind::Fork(fork) => fork.each.as_deref(),
            _ => None,
        }
    }

    /// The fields and variables that it may set, but for those of events.
    pub(crate) fn writes(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Effect(effect) => effect.writes.iter().map(String::as_str).collect(),
            Kind::Call(call) => call.writes.iter().map(String::as_str).collect(),
            Kind::Place(place) => place.writes(),
            Kind::Step(step) => step.writes.iter().map(String::as_str).collect(),
            Kind::Fork(Fork { each: Some(each), .. }) => each.outputs.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Every node that may come next, events and errors included.
    pub(crate) fn targets(&self) -> Vec<NodeIndex> {
        let mut targets = self.exit.targets();
        match &self.kind {
            Kind::Place(place) => {
                targets.extend(place.events.iter().map(|event| event.to));
                targets.extend(place.catches.iter().map(|catch| catch.to));
            }
            Kind::Call(call) => targets.extend(call.catches.iter().map(|catch| catch.to)),
            Kind::Fork(fork) => targets.extend(&fork.branches),
            _ => {}
        }
        targets
    }
}

impl Place {
    fn writes(&self) -> Vec<&str> {
        let own: Vec<&str> = match &self.opens {
            Opens::User(_, writes) => writes.iter().map(String::as_str).collect(),
            Opens::Call { output, status, .. } => output
                .iter()
                .map(|(name, _)| name.as_str())
                .chain(status.as_deref())
                .collect(),
            Opens::Timer | Opens::Receive => Vec::new(),
        };
        own
    }
}

impl Trigger {
    pub(crate) fn writes(&self) -> &[String] {
        match self {
            Self::Timer(_) | Self::Escalation(_) => &[],
            Self::Message { writes, .. } | Self::Signal { writes, .. } => writes,
        }
    }
}

impl Exit {
    pub(crate) fn targets(&self) -> Vec<NodeIndex> {
        match self {
            Self::None => Vec::new(),
            Self::Always(to) => vec![*to],
            Self::Outcomes(exits) => exits.iter().map(|(_, to)| *to).collect(),
            Self::Conditions { when, otherwise } => {
                when.iter().map(|(_, to)| *to).chain([*otherwise]).collect()
            }
        }
    }
}
