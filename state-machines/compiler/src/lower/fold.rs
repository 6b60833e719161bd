//! Which gateways are decided in the `Choice` before them, and what that `Choice` then has to ask.

use std::collections::{HashMap, HashSet};

use super::expression;
use super::{Lowering, Stop, run};
use crate::workflow::{Exit, Kind, NodeIndex, Workflow};

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
                if !matches!(node.kind, Kind::Gateway) || fold.sizes.contains_key(&at) {
                    continue;
                }
                let targets = targets(&node.exit);
                if children_done {
                    let size = fold.size(&node.exit, &targets, shared.contains(&at));
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

    fn size(&self, exit: &Exit, targets: &[NodeIndex], shared: bool) -> Size {
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
        if !matches!(exit, Exit::Always(_)) {
            size.levels += 1;
        }
        size
    }

    /// The ways out of a task by its outcome, or out of a gateway by its conditions.
    pub(super) fn leaves(&self, lowering: &Lowering<'_>, from: NodeIndex) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        for (condition, to) in branches(&lowering.workflow.node(from).exit) {
            self.follow(
                lowering,
                to,
                condition.into_iter().collect(),
                Vec::new(),
                &mut leaves,
            );
        }
        leaves
    }

    /// At most [`MOST_LEVELS`] deep.
    fn follow(
        &self,
        lowering: &Lowering<'_>,
        to: NodeIndex,
        conditions: Vec<String>,
        mut passed: Vec<NodeIndex>,
        leaves: &mut Vec<Leaf>,
    ) {
        let (more, stop) = run(lowering.workflow, to);
        passed.extend(more);
        let gateway = match stop {
            Stop::Gateway(index) if self.folds(index) => index,
            Stop::Gateway(_) | Stop::Task(_) | Stop::End(_) => {
                leaves.push(Leaf {
                    conditions,
                    passed,
                    stop,
                });
                return;
            }
        };
        passed.push(gateway);
        for (condition, to) in branches(&lowering.workflow.node(gateway).exit) {
            let all = conditions.iter().cloned().chain(condition).collect();
            self.follow(lowering, to, all, passed.clone(), leaves);
        }
    }
}

/// The branches in the order in which they are tried; the last of a gateway asks nothing.
fn branches(exit: &Exit) -> Vec<(Option<String>, NodeIndex)> {
    match exit {
        Exit::None => Vec::new(),
        Exit::Always(to) => vec![(None, *to)],
        Exit::Outcomes(exits) => exits
            .iter()
            .map(|(outcomes, to)| (Some(expression::outcome_is(outcomes)), *to))
            .collect(),
        Exit::Conditions { when, otherwise } => when
            .iter()
            .map(|(condition, to)| (Some(expression::holds(condition)), *to))
            .chain([(None, *otherwise)])
            .collect(),
    }
}

fn targets(exit: &Exit) -> Vec<NodeIndex> {
    match exit {
        Exit::None => Vec::new(),
        Exit::Always(to) => vec![*to],
        Exit::Outcomes(exits) => exits.iter().map(|(_, to)| *to).collect(),
        Exit::Conditions { when, otherwise } => when.iter().map(|(_, to)| *to).chain([*otherwise]).collect(),
    }
}

/// The gateways to which several ways lead, also by way of gateways that only pass on.
fn shared(workflow: &Workflow) -> HashSet<NodeIndex> {
    let mut ways: HashMap<NodeIndex, usize> = HashMap::new();
    for (_, node) in workflow.nodes() {
        for to in targets(&node.exit) {
            *ways.entry(to).or_default() += 1;
        }
    }
    let several = ways.into_iter().filter(|(_, ways)| *ways > 1).map(|(at, _)| at);
    several
        .flat_map(|at| match run(workflow, at) {
            (_, Stop::Gateway(behind)) => [at, behind],
            _ => [at, at],
        })
        .collect()
}
