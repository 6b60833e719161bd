//! A definition that has been checked, as a graph: everything it refers to exists, each node knows what follows
//! it, and every fork knows where it ends.

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use crate::document::Assignments;
use crate::node::{EndStatus, Retry, Service, ServiceTask, UserTask};

/// A checked definition. Made by [`validate`](crate::validate).
#[derive(Debug, Clone)]
pub struct Workflow {
    pub key: String,
    pub name: Text,
    pub form: String,
    /// The fields and variables whose values travel through the machine.
    pub reads: BTreeSet<String>,
    pub warnings: Vec<Diagnostic>,
    pub(crate) start: NodeIndex,
    /// Where every way ends: the process is complete.
    pub(crate) end: NodeIndex,
    pub(crate) nodes: Vec<Node>,
    pub(crate) regions: Vec<Region>,
    /// Ways that leave a branch for a node outside of its fork.
    pub(crate) raises: BTreeMap<(RegionIndex, NodeIndex), Raise>,
}

/// How a fork is left early.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raise {
    /// The outermost fork that is left.
    pub(crate) fork: NodeIndex,
    /// What comes first: closing what is open in it, or the target itself.
    pub(crate) first: NodeIndex,
}

/// A node of a [`Workflow`]: one of the definition, or one that makes explicit what the definition implies.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Of an implied node: made of the id that it belongs to, with a colon.
    pub(crate) id: String,
    pub(crate) name: Option<Text>,
    /// Implied, so that entering it is not told.
    pub(crate) silent: bool,
    pub(crate) kind: Kind,
    pub(crate) exit: Exit,
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
    /// Each of these is the first node of a branch; the exit leads to the join.
    Fork(Vec<NodeIndex>),
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
    /// The regions that were left, but for those of the way that leaves.
    pub(crate) beside: Vec<RegionIndex>,
    /// The activity or scope whose listeners are over.
    pub(crate) release: Option<NodeIndex>,
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
        when: Vec<(String, NodeIndex)>,
        otherwise: NodeIndex,
    },
}

/// A node of one workflow; only `resolve` makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeIndex(pub(crate) usize);

/// What one token walks through: the process, or a branch of a fork, without the forks in it.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    /// None: the process.
    pub(crate) fork: Option<NodeIndex>,
    pub(crate) branch: usize,
    pub(crate) parent: Option<RegionIndex>,
    pub(crate) entry: NodeIndex,
    /// The join; reaching it ends the region. It lies in the parent.
    pub(crate) exit: NodeIndex,
    /// What the nodes in it, and in the forks in it, may write.
    pub(crate) writes: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RegionIndex(pub(crate) usize);

/// The region of the process.
pub(crate) const ROOT: RegionIndex = RegionIndex(0);

impl Workflow {
    #[expect(
        clippy::indexing_slicing,
        reason = "an index is only made by `resolve`, from the nodes of this workflow"
    )]
    pub(crate) fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.0]
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "an index is only made by `resolve`, from the regions of this workflow"
    )]
    pub(crate) fn region(&self, index: RegionIndex) -> &Region {
        &self.regions[index.0]
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(i, node)| (NodeIndex(i), node))
    }

    pub(crate) fn regions(&self) -> impl Iterator<Item = (RegionIndex, &Region)> {
        self.regions
            .iter()
            .enumerate()
            .map(|(i, region)| (RegionIndex(i), region))
    }

    /// Whether one token walks through it, and never by an error: then its transitions are counted by the graph alone.
    #[cfg(test)]
    pub(crate) fn is_one_way(&self) -> bool {
        self.regions.len() == 1
            && self.nodes.iter().all(|node| match &node.kind {
                Kind::Call(call) => call.catches.is_empty(),
                Kind::Place(place) => place.catches.is_empty(),
                Kind::Status(_) => !node.silent,
                _ => true,
            })
    }

    /// The branches of a fork, in their order.
    pub(crate) fn branches(&self, fork: NodeIndex) -> Vec<RegionIndex> {
        self.regions()
            .filter(|(_, region)| region.fork == Some(fork))
            .map(|(index, _)| index)
            .collect()
    }

    /// A region and those around it, the innermost first.
    pub(crate) fn around(&self, region: RegionIndex) -> impl Iterator<Item = RegionIndex> {
        std::iter::successors(Some(region), |at| self.region(*at).parent)
    }

    pub fn user_tasks(&self) -> impl Iterator<Item = &UserTask> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Place(place) => match &place.opens {
                Opens::User(task, _) => Some(task),
                _ => None,
            },
            _ => None,
        })
    }

    pub fn service_tasks(&self) -> impl Iterator<Item = ServiceTask> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Call(call) => match &call.what {
                Called::Service(service) => Some(ServiceTask {
                    id: node.id.clone(),
                    name: node.name.clone().unwrap_or_else(|| node.id.as_str().into()),
                    service: service.clone(),
                    retry: call.retry,
                    writes: call.writes.clone(),
                }),
                _ => None,
            },
            _ => None,
        })
    }
}

impl Node {
    /// Its visits travel: those of implied forks tell one from the next.
    pub(crate) fn is_counted(&self) -> bool {
        self.repeats && (!self.silent || matches!(self.kind, Kind::Fork(_)))
    }

    /// The fields and variables that it may set, but for those of events.
    pub(crate) fn writes(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Effect(effect) => effect.writes.iter().map(String::as_str).collect(),
            Kind::Call(call) => call.writes.iter().map(String::as_str).collect(),
            Kind::Place(place) => place.writes(),
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
            Kind::Fork(branches) => targets.extend(branches),
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
            Self::Timer(_) => &[],
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

/// The regions as the engine knows them.
pub(crate) fn regions(workflow: &Workflow) -> Vec<domain::position::Region> {
    let mut regions: Vec<domain::position::Region> = workflow
        .regions
        .iter()
        .map(|region| domain::position::Region {
            fork: region
                .fork
                .map(|fork| workflow.node(fork).id.clone())
                .unwrap_or_default(),
            branch: region.branch,
            parent: region.parent.map(|parent| parent.0),
            places: Vec::new(),
            is_repeated: false,
        })
        .collect();
    for node in &workflow.nodes {
        if let (Kind::Place(_), Some(region)) = (&node.kind, regions.get_mut(node.region.0)) {
            region.places.push(node.id.clone());
        }
    }
    regions
}
