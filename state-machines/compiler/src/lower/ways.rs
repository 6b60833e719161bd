//! From a node to where its way next comes to rest.

use crate::workflow::{Condition, Exit, Kind, NodeIndex, RegionIndex, Workflow};

/// Where a walk over nodes that are only passed comes to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Stop {
    /// A node that is a state of its own: a task, a place, a fork.
    State(NodeIndex),
    /// A gateway that decides.
    Gateway(NodeIndex),
    /// The end of the process; with the end event that led there, where there is one.
    End(Option<NodeIndex>),
    /// The end of a branch.
    Branch,
    /// A node outside of the fork: its branches are left.
    Raise(NodeIndex),
}

/// From a node (which is not among them unless it is only passed) to where the way next rests, with the
/// nodes that are passed on the way.
pub(super) fn run(workflow: &Workflow, region: RegionIndex, from: NodeIndex) -> (Vec<NodeIndex>, Stop) {
    let mut passed = Vec::new();
    let mut at = from;
    let mut end = None;
    let exit = workflow.region(region).exit;
    // Nodes that are only passed never form a cycle in a checked workflow; the bound makes this total anyway.
    for _ in 0..=workflow.nodes.len() {
        let node = workflow.node(at);
        if at == exit {
            return (passed, ended(region, end));
        }
        if node.region != region {
            return (passed, Stop::Raise(at));
        }
        match (&node.kind, &node.exit) {
            (
                Kind::Pass | Kind::Status(_) | Kind::Effect(_) | Kind::Step(_) | Kind::Gateway,
                Exit::Always(to),
            ) => {
                if matches!(node.kind, Kind::Status(_)) {
                    end = Some(at);
                }
                passed.push(at);
                at = *to;
            }
            (Kind::Gateway, _) => return (passed, Stop::Gateway(at)),
            (Kind::Place(_) | Kind::Call(_) | Kind::Fork(_) | Kind::Close(_) | Kind::Fail(_), _) => {
                return (passed, Stop::State(at));
            }
            _ => break,
        }
    }
    (passed, ended(region, end))
}

fn ended(region: RegionIndex, end: Option<NodeIndex>) -> Stop {
    if region == crate::workflow::ROOT {
        Stop::End(end)
    } else {
        Stop::Branch
    }
}

/// One way out of a node: what has to hold for it, and where it leads.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) asks: Option<Ask>,
    pub(super) to: NodeIndex,
}

#[derive(Debug, Clone)]
pub(super) enum Ask {
    Event(String),
    Outcome(Vec<String>),
    Condition(Condition),
}

/// The ways out of a node in the order in which they are tried; the last may ask nothing.
pub(super) fn ways(workflow: &Workflow, from: NodeIndex) -> Vec<Way> {
    let node = workflow.node(from);
    let mut ways = Vec::new();
    if let Kind::Place(place) = &node.kind {
        ways.extend(place.events.iter().map(|event| Way {
            asks: Some(Ask::Event(event.id.clone())),
            to: event.to,
        }));
    }
    match &node.exit {
        Exit::None => {}
        Exit::Always(to) => ways.push(Way { asks: None, to: *to }),
        Exit::Outcomes(exits) => ways.extend(exits.iter().map(|(outcomes, to)| Way {
            asks: Some(Ask::Outcome(outcomes.clone())),
            to: *to,
        })),
        Exit::Conditions { when, otherwise } => {
            ways.extend(when.iter().map(|(condition, to)| Way {
                asks: Some(Ask::Condition(condition.clone())),
                to: *to,
            }));
            ways.push(Way {
                asks: None,
                to: *otherwise,
            });
        }
    }
    // There is nothing to ask where there is one way.
    if let [only] = ways.as_mut_slice() {
        only.asks = None;
    }
    ways
}
