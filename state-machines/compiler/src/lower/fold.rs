//! Which gateways are decided in the `Choice` before them, and what that `Choice` then has to ask.

use std::collections::{HashMap, HashSet};

use super::expression;
use super::ways::{Ask, Stop, run, ways};
use crate::graph::on_a_cycle;
use crate::workflow::{Exit, Kind, Node, NodeIndex, Workflow};

/// A gateway over more levels than this keeps a `Choice` of its own: each level lengthens the conditions.
pub(crate) const MOST_LEVELS: usize = 16;

/// One way through a `Choice`: taken by the first of them whose conditions all hold.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) conditions: Vec<String>,
    pub(super) passed: Vec<NodeIndex>,
    pub(super) stop: Stop,
}

/// What folding needs to know of each gateway that decides.
pub(super) struct Fold {
    /// The most branches that a gateway may have to be copied.
    most: usize,
    sizes: HashMap<NodeIndex, Size>,
}

#[derive(Debug, Clone, Copy)]
struct Size {
    leaves: usize,
    levels: usize,
    /// Several ways lead here, so folding makes copies.
    shared: bool,
}

impl Fold {
    pub(super) fn new(workflow: &Workflow, most: usize) -> Self {
        let shared = shared(workflow);
        let circles = circles(workflow);
        let mut fold = Self {
            most,
            sizes: HashMap::new(),
        };
        // Children before parents, without recursion: chains may be long.
        let mut entered = HashSet::new();
        for (root, _) in workflow.nodes() {
            let mut stack = vec![(root, false)];
            while let Some((at, children_done)) = stack.pop() {
                let node = workflow.node(at);
                if !is_passed(node) || fold.sizes.contains_key(&at) {
                    continue;
                }
                let targets = inside(workflow, node);
                if children_done {
                    let mut size = fold.size(node, &targets, shared.contains(&at));
                    if circles.get(at.0) == Some(&true) {
                        size.levels = MOST_LEVELS + 1;
                    }
                    fold.sizes.insert(at, size);
                } else if entered.insert(at) {
                    stack.push((at, true));
                    stack.extend(targets.into_iter().map(|to| (to, false)));
                }
            }
        }
        fold
    }

    fn folds(&self, gateway: NodeIndex) -> bool {
        self.sizes
            .get(&gateway)
            .is_some_and(|size| size.levels <= MOST_LEVELS && (!size.shared || size.leaves <= self.most))
    }

    fn size(&self, node: &Node, targets: &[NodeIndex], shared: bool) -> Size {
        let mut size = Size {
            leaves: 0,
            levels: 0,
            shared,
        };
        for to in targets {
            let below = self.sizes.get(to).filter(|_| self.folds(*to));
            size.leaves = size.leaves.saturating_add(below.map_or(1, |below| below.leaves));
            size.levels = size.levels.max(below.map_or(0, |below| below.levels));
        }
        if decides(node) {
            size.levels += 1;
        }
        size
    }

    /// The ways out of a place by its answer, or out of a gateway by its conditions. `head` is passed before any
    /// condition is asked.
    pub(super) fn leaves(&self, workflow: &Workflow, from: NodeIndex, head: &[NodeIndex]) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.follow(workflow, from, &Leaf::empty(head), 0, &mut leaves);
        for leaf in &mut leaves {
            leaf.passed.drain(..head.len());
        }
        leaves
    }

    /// At most [`MOST_LEVELS`] deep.
    fn follow(
        &self,
        workflow: &Workflow,
        from: NodeIndex,
        so_far: &Leaf,
        level: usize,
        leaves: &mut Vec<Leaf>,
    ) {
        let region = workflow.node(from).region;
        for way in ways(workflow, from) {
            let mut leaf = so_far.clone();
            if level > 0 || matches!(workflow.node(from).kind, Kind::Gateway) {
                leaf.passed.push(from);
            }
            if let Some(ask) = way.asks {
                let before: Vec<&Node> = so_far.passed.iter().map(|at| workflow.node(*at)).collect();
                leaf.conditions.push(match ask {
                    Ask::Event(id) => expression::is_one_of("event", &[id]),
                    Ask::Outcome(outcomes) => expression::is_one_of("outcome", &outcomes),
                    Ask::Condition(condition) => expression::holds(&condition, &before),
                });
            }
            let (more, stop) = run(workflow, region, way.to);
            leaf.passed.extend(more);
            leaf.stop = stop;
            match stop {
                Stop::Gateway(gateway) if self.folds(gateway) && level < 4 * MOST_LEVELS => {
                    self.follow(workflow, gateway, &leaf, level + 1, leaves);
                }
                _ => leaves.push(leaf),
            }
        }
    }
}

impl Leaf {
    fn empty(head: &[NodeIndex]) -> Self {
        Self {
            conditions: Vec::new(),
            passed: head.to_vec(),
            stop: Stop::Branch,
        }
    }
}

fn is_passed(node: &Node) -> bool {
    matches!(
        node.kind,
        Kind::Gateway | Kind::Pass | Kind::Status(_) | Kind::Effect(_) | Kind::Step(_)
    )
}

fn decides(node: &Node) -> bool {
    matches!(node.kind, Kind::Gateway) && !matches!(node.exit, Exit::Always(_))
}

/// Where a node leads within its region.
fn inside(workflow: &Workflow, node: &Node) -> Vec<NodeIndex> {
    let exit = workflow.region(node.region).exit;
    let mut targets = node.exit.targets();
    targets.retain(|to| *to != exit && workflow.node(*to).region == node.region);
    targets
}

/// The nodes from which a way leads back without a state: iterations of what is only passed.
fn circles(workflow: &Workflow) -> Vec<bool> {
    let successors: Vec<Vec<usize>> = workflow
        .nodes()
        .map(|(_, node)| match is_passed(node) {
            true => inside(workflow, node).into_iter().map(|to| to.0).collect(),
            false => Vec::new(),
        })
        .collect();
    on_a_cycle(&successors)
}

/// The gateways to which several ways lead, also by way of nodes that are only passed.
fn shared(workflow: &Workflow) -> HashSet<NodeIndex> {
    let mut ways: HashMap<NodeIndex, usize> = HashMap::new();
    for (_, node) in workflow.nodes() {
        for to in node.targets() {
            *ways.entry(to).or_default() += 1;
        }
    }
    let several = ways.into_iter().filter(|(_, ways)| *ways > 1).map(|(at, _)| at);
    several
        .flat_map(|at| match run(workflow, workflow.node(at).region, at) {
            (_, Stop::Gateway(behind)) => [at, behind],
            _ => [at, at],
        })
        .collect()
}
