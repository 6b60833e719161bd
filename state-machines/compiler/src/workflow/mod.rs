//! A definition that has been checked, as a graph: everything it refers to exists, each node knows what follows
//! it, and every fork knows where it ends.

use std::collections::{BTreeMap, BTreeSet};

mod node;

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use crate::node::{ServiceTask, UserTask};

pub(crate) use node::{
    Attached, Call, Called, Catch, Close, Condition, Each, Effect, Ending, Escalation, Exit, Fork, Iteration,
    Join, Kind, Listened, Node, Opens, Place, Step, Trigger,
};

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
    /// One of parallel iterations, all of which walk through it: what they write stays in them.
    pub(crate) is_each: bool,
    /// Of a fork whose branches meet those of others.
    pub(crate) is_unnested: bool,
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

    /// Whether a resumed execution walks through a region from its beginning, whatever stands open in it.
    pub(crate) fn begins_again(&self, region: RegionIndex) -> bool {
        self.around(region).any(|at| {
            let region = self.region(at);
            region.is_each || region.is_unnested
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

/// The regions as the engine knows them.
pub(crate) fn regions(workflow: &Workflow) -> Vec<domain::position::Region> {
    let mut regions: Vec<domain::position::Region> = workflow
        .regions()
        .map(|(index, region)| domain::position::Region {
            fork: region
                .fork
                .map(|fork| workflow.node(fork).id.clone())
                .unwrap_or_default(),
            branch: region.branch,
            parent: region.parent.map(|parent| parent.0),
            places: Vec::new(),
            is_repeated: workflow.begins_again(index),
        })
        .collect();
    for node in &workflow.nodes {
        if let (Kind::Place(_), Some(region)) = (&node.kind, regions.get_mut(node.region.0)) {
            region.places.push(node.told_id().to_owned());
        }
    }
    regions
}
