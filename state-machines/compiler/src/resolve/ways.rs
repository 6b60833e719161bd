//! The ways that tokens take, for finding where they come together.

use std::collections::BTreeMap;

use super::regions::{Implied, JOIN};
use crate::document;
use crate::graph::{Graph, NodeNo, reachable};
use crate::workflow::{NodeIndex, Workflow};

/// The node next to which another lies, however it is reached: a boundary event beside its activity, an event
/// sub-process and a terminate end in their scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home {
    /// None: the process.
    pub(super) at: Option<NodeIndex>,
    /// A terminate end takes all other tokens with it, so it is no way out of a fork.
    pub(super) ends_all: bool,
}

pub(super) fn homes(graph: &Graph<'_>) -> BTreeMap<NodeIndex, Home> {
    use document::{End, EndEvent, Kind};
    let mut homes = BTreeMap::new();
    for (no, node) in graph.nodes() {
        let (at, ends_all) = match &node.kind {
            Kind::Boundary(boundary) if boundary.interrupting => (graph.find(&boundary.attached_to), false),
            Kind::SubProcess {
                triggered_by_event: true,
            } if !is_listener(graph, no) => (start(graph, node.parent), false),
            Kind::End(End {
                event: Some(EndEvent::Terminate),
                ..
            }) => (start(graph, node.parent), true),
            _ => continue,
        };
        let at = at.map(NodeIndex);
        homes.insert(NodeIndex(no), Home { at, ends_all });
    }
    homes
}

/// The start event of a scope: it lies where the scope's tokens are.
pub(super) fn start(graph: &Graph<'_>, scope: Option<NodeNo>) -> Option<NodeNo> {
    let mut nodes = graph.nodes();
    let start = nodes.find(|(_, node)| node.parent == scope && matches!(node.kind, document::Kind::Start(_)));
    start.map(|(no, _)| no)
}

/// An event sub-process that does not interrupt: its way begins at the listener.
fn is_listener(graph: &Graph<'_>, sub: NodeNo) -> bool {
    graph.nodes().any(|(_, node)| {
        node.parent == Some(sub)
            && matches!(&node.kind, document::Kind::Start(Some(start)) if !start.interrupting)
    })
}

/// The ways that tokens take by themselves. Interruptions leave from their home, whatever they interrupt; a
/// listener's way begins nowhere.
pub(super) fn ways(
    workflow: &Workflow,
    graph: &Graph<'_>,
    homes: &BTreeMap<NodeIndex, Home>,
    implied: &Implied,
) -> Vec<Vec<usize>> {
    let mut ways: Vec<Vec<usize>> = Vec::with_capacity(workflow.nodes.len());
    for (index, node) in workflow.nodes() {
        let mut targets = node.targets();
        if implied.listening.contains_key(&index) {
            targets.truncate(1);
        }
        targets.retain(|to| *to != JOIN && !homes.contains_key(to));
        ways.push(targets.into_iter().map(|to| to.0).collect());
    }
    for (no, node) in graph.nodes() {
        // What throws an escalation has a flow, taken or not.
        if let (document::Kind::Throw(_), Some(list)) = (&node.kind, ways.get_mut(no)) {
            let flows = graph.outgoing(no).iter().map(|edge| edge.node);
            list.extend(flows.filter(|to| !homes.contains_key(&NodeIndex(*to))));
        }
    }
    for (node, home) in homes.iter().filter(|(_, home)| !home.ends_all) {
        if let Some(list) = ways.get_mut(home.at.unwrap_or(workflow.start).0) {
            list.push(node.0);
        }
    }
    ways
}

pub(super) fn exits(workflow: &Workflow, implied: &Implied) -> Vec<usize> {
    implied
        .overs
        .iter()
        .chain([&workflow.end])
        .map(|index| index.0)
        .collect()
}

/// The nodes from which an exit can be reached.
pub(super) fn arriving(ways: &[Vec<usize>], exits: &[usize]) -> Vec<bool> {
    let mut back = vec![Vec::new(); ways.len()];
    for (from, list) in ways.iter().enumerate() {
        for to in list {
            if let Some(list) = back.get_mut(*to) {
                list.push(from);
            }
        }
    }
    reachable(&back, exits.iter().copied())
}
