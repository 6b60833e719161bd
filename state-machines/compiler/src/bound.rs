//! The fewest transitions that a walk through a workflow can take, computed from the graph alone.
//!
//! Step Functions bills every state that is entered. What has to be one: whatever calls a function (waits, services,
//! `close_scope`, arrivals at a join), each fork, each way that leaves one early; and one `Choice` wherever anything is
//! decided between two of these. A `Choice` cannot end a machine or a branch, so one more where it leads to an end. The
//! gateway of a loop in which nothing else is a state decides each round by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::on_a_cycle;
use crate::workflow::{Exit, Kind, Node, NodeIndex, Region, RegionIndex, Workflow};

/// A token's way from one state that there has to be to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub from: From,
    pub to: To,
}

/// Where a hop begins. Nodes are named as their states are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The process, or a branch of a fork; with its first state.
    Begin(String),
    Node(String),
    /// The same by an error, or by a way that leaves the fork early.
    Caught(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    Node(String),
    /// The fork is left for something outside of it.
    Left,
    End,
}

/// The bound for all hops of an execution.
pub fn fewest_transitions(workflow: &Workflow, hops: &[Hop]) -> usize {
    let bound = Bound::new(workflow);
    hops.iter().map(|hop| bound.of(hop)).sum()
}

/// The gateways that decide each round by themselves, as their states are named.
#[cfg(test)]
pub(crate) fn circling(workflow: &Workflow) -> BTreeSet<String> {
    let circling = Bound::new(workflow).circling;
    let names = circling.iter().map(|index| workflow.node(*index).state_name());
    names.map(str::to_owned).collect()
}

struct Bound<'w> {
    workflow: &'w Workflow,
    /// The gateways that decide each round by themselves.
    circling: BTreeSet<NodeIndex>,
    /// By the names of their states.
    resting: BTreeMap<&'w str, NodeIndex>,
}

/// What ends a way between two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    Node(NodeIndex),
    Left,
    End,
}

impl<'w> Bound<'w> {
    fn new(workflow: &'w Workflow) -> Self {
        let passed: Vec<Vec<usize>> = workflow
            .nodes()
            .map(|(_, node)| match is_state(node) {
                true => Vec::new(),
                false => node.exit.targets().iter().map(|to| to.0).collect(),
            })
            .collect();
        let circling = workflow
            .nodes()
            .zip(on_a_cycle(&passed))
            .filter(|((_, node), circles)| *circles && decides(node))
            .map(|((index, _), _)| index)
            .collect();
        let mut bound = Self {
            workflow,
            circling,
            resting: BTreeMap::new(),
        };
        bound.resting = workflow
            .nodes()
            .filter(|(index, node)| bound.rests(*index, node))
            .map(|(index, node)| (node.state_name(), index))
            .collect();
        bound
    }

    fn rests(&self, index: NodeIndex, node: &Node) -> bool {
        is_state(node) || self.circling.contains(&index)
    }

    fn of(&self, hop: &Hop) -> usize {
        let goal = match &hop.to {
            To::Node(name) => match self.resting.get(name.as_str()) {
                Some(node) => Goal::Node(*node),
                None => return 0,
            },
            To::Left => Goal::Left,
            To::End => Goal::End,
        };
        let decided = match &hop.from {
            From::Begin(first) => self.begun(first, goal),
            From::Node(name) => self.left(name, goal),
            From::Caught(name) => self.caught(name, goal),
        };
        match goal {
            Goal::Node(node) if !decided && self.is_begun_apart(&hop.from, node) => 2,
            Goal::Node(_) | Goal::Left => 1 + usize::from(decided),
            // Neither a `Choice` nor an error ends a branch, and each has one state at least.
            Goal::End if decided => 2,
            Goal::End => usize::from(!self.can_end(&hop.from)),
        }
    }

    /// Whether what a region begins with needs a state of its own: before a fork that a loop leads back to, whose branches
    /// cannot be there twice.
    fn is_begun_apart(&self, from: &From, node: NodeIndex) -> bool {
        let made = self.workflow.node(node);
        let is_fork = matches!(made.kind, Kind::Fork(_)) && made.repeats;
        is_fork && matches!(from, From::Begin(_)) && self.workflow.region(made.region).entry != node
    }

    /// Whether a state can be the last one.
    fn can_end(&self, from: &From) -> bool {
        match from {
            From::Node(name) => {
                let index = self.resting.get(name.as_str());
                index.is_some_and(|index| is_state(self.workflow.node(*index)))
            }
            From::Begin(_) | From::Caught(_) => false,
        }
    }

    /// Whether something is decided on every way from the beginning of the region.
    fn begun(&self, first: &str, goal: Goal) -> bool {
        let regions = self.workflow.regions().filter(|(at, region)| match goal {
            Goal::Node(node) => self.workflow.node(node).region == *at,
            _ => self.first(*at, region.entry) == first,
        });
        let ways = regions.map(|(at, region)| (at, region.entry, false));
        self.is_decided(ways.collect(), goal)
    }

    /// The name of a region's first state, where that only decides or ends.
    fn first(&self, region: RegionIndex, entry: NodeIndex) -> String {
        let mut at = entry;
        let Region {
            fork, branch, exit, ..
        } = self.workflow.region(region);
        for _ in 0..self.workflow.nodes.len() {
            let node = self.workflow.node(at);
            if at == *exit || node.region != region {
                break;
            }
            match node.exit {
                Exit::Always(to) if !is_state(node) => at = to,
                _ => return node.state_name().to_owned(),
            }
        }
        let fork = fork.map_or("process", |fork| self.workflow.node(fork).id.as_str());
        format!("{fork}:{branch}")
    }

    fn left(&self, name: &str, goal: Goal) -> bool {
        let Some(index) = self.resting.get(name) else {
            return false;
        };
        let node = self.workflow.node(*index);
        let mut targets = node.exit.targets();
        if let Kind::Place(place) = &node.kind {
            targets.extend(place.events.iter().map(|event| event.to));
        }
        let answers = targets.len() > 1 || matches!(node.exit, Exit::Outcomes(_));
        // A gateway that is a state has decided.
        let decides = is_state(node) && answers;
        let ways = targets.into_iter().map(|to| (node.region, to, decides));
        self.is_decided(ways.collect(), goal)
    }

    fn caught(&self, name: &str, goal: Goal) -> bool {
        let Some(index) = self.resting.get(name) else {
            return false;
        };
        let node = self.workflow.node(*index);
        let mut targets: Vec<NodeIndex> = match &node.kind {
            Kind::Place(place) => place.catches.iter().map(|catch| catch.to).collect(),
            Kind::Call(call) => call.catches.iter().map(|catch| catch.to).collect(),
            _ => Vec::new(),
        };
        let raises = self.workflow.raises.values();
        targets.extend(
            raises
                .filter(|raise| raise.fork == *index)
                .map(|raise| raise.first),
        );
        let ways = targets.into_iter().map(|to| (node.region, to, false));
        self.is_decided(ways.collect(), goal)
    }

    /// Whether no way leads to the goal without a decision.
    fn is_decided(&self, ways: Vec<(RegionIndex, NodeIndex, bool)>, goal: Goal) -> bool {
        let mut waiting = ways;
        let mut seen = BTreeSet::new();
        let mut is_reached = false;
        while let Some(way) = waiting.pop() {
            let (region, at, decided) = way;
            if !seen.insert(way) {
                continue;
            }
            let node = self.workflow.node(at);
            let here = if at == self.workflow.region(region).exit {
                Some(Goal::End)
            } else if node.region != region {
                Some(Goal::Left)
            } else {
                self.rests(at, node).then_some(Goal::Node(at))
            };
            match here {
                Some(here) if here == goal && !decided => return false,
                Some(here) => is_reached |= here == goal,
                None => {
                    let decided = decided || decides(node);
                    waiting.extend(node.exit.targets().into_iter().map(|to| (region, to, decided)));
                }
            }
        }
        is_reached
    }
}

fn is_state(node: &Node) -> bool {
    matches!(
        node.kind,
        Kind::Place(_) | Kind::Call(_) | Kind::Fork(_) | Kind::Close(_) | Kind::Fail(_)
    )
}

fn decides(node: &Node) -> bool {
    matches!(node.kind, Kind::Gateway) && matches!(node.exit, Exit::Conditions { .. })
}
