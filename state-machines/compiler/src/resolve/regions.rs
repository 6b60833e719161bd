//! Divides a workflow into the regions that one token walks through, fork by fork; what does not nest is refused.

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::Whole;
use super::dominators::post_dominators;
use super::ways::{Home, arriving, exits, homes, ways};
use super::writes::write_up;
use crate::document;
use crate::graph::{Graph, NodeNo, reachable};
use crate::workflow::{Exit, Fork, Kind, NodeIndex, ROOT, Region, RegionIndex, Workflow};

/// Stands for the join of the fork that a guard belongs to, until it is known.
pub(super) const JOIN: NodeIndex = NodeIndex(usize::MAX);

/// Step Functions runs at most so many branches at once.
const MOST_BRANCHES: usize = 40;

/// Deeper forks are no JSON that anybody reads: each level is four of the text's.
const DEEPEST: usize = 16;

/// What the flows do not tell.
pub(super) struct Implied {
    /// Where a listener's token is gone.
    pub(super) overs: Vec<NodeIndex>,
    /// Where the tokens of each node's scope, or of its listener's way, end.
    pub(super) wholes: BTreeMap<NodeNo, Whole>,
    /// The same for each fork of listeners.
    pub(super) listening: BTreeMap<NodeIndex, Whole>,
    /// The same for each fork of parallel iterations.
    pub(super) eaches: BTreeMap<NodeIndex, Whole>,
    /// Joins at which branches of several forks meet.
    pub(super) latches: BTreeSet<NodeIndex>,
    /// Implied nodes that lie beside one of the document, though they are reached from inside of it.
    pub(super) homes: Vec<(NodeIndex, NodeNo)>,
}

/// Where the forks of the definition end, but for those that end with their scope.
pub(super) fn joins(
    workflow: &Workflow,
    graph: &Graph<'_>,
    implied: &Implied,
) -> BTreeMap<NodeIndex, NodeIndex> {
    let division = division(workflow, graph, implied);
    let forks = workflow.nodes().filter(|(index, node)| {
        matches!(node.kind, Kind::Fork(_))
            && !implied.eaches.contains_key(index)
            && !implied.listening.contains_key(index)
    });
    forks
        .filter_map(|(fork, _)| Some((fork, division.post_dominator(workflow, fork, ROOT)?)))
        .collect()
}

/// Finds where every fork ends, and to which branch every node belongs.
pub(super) fn divide(
    workflow: &mut Workflow,
    graph: &Graph<'_>,
    implied: &Implied,
) -> Result<(), Vec<Diagnostic>> {
    let mut division = division(workflow, graph, implied);
    division.walk(workflow);
    if !division.found.is_empty() {
        return Err(division.found);
    }
    for (node, region) in workflow.nodes.iter_mut().zip(division.of) {
        node.region = region.unwrap_or(ROOT);
    }
    workflow.regions = division.regions;
    // What no event leads to was not walked.
    for guard in 0..workflow.nodes.len() {
        fix_guard(workflow, NodeIndex(guard), workflow.end);
    }
    write_up(workflow);
    Ok(())
}

fn division<'a, 'd>(workflow: &Workflow, graph: &'a Graph<'d>, implied: &'a Implied) -> Division<'a, 'd> {
    let mut homes = homes(graph);
    homes.extend(implied.homes.iter().map(|(node, at)| {
        let at = Some(NodeIndex(*at));
        (*node, Home { at, ends_all: false })
    }));
    let ways = ways(workflow, graph, &homes, implied);
    let exits = exits(workflow, implied);
    let joins = post_dominators(&ways, &exits);
    Division {
        graph,
        implied,
        joins,
        arrives: arriving(&ways, &exits),
        homes,
        regions: vec![Region {
            fork: None,
            branch: 0,
            parent: None,
            entry: workflow.start,
            exit: workflow.end,
            writes: BTreeSet::new(),
            is_each: false,
            is_unnested: false,
        }],
        of: vec![None; workflow.nodes.len()],
        ends: BTreeSet::new(),
        found: Vec::new(),
    }
}

struct Division<'a, 'd> {
    graph: &'a Graph<'d>,
    implied: &'a Implied,
    joins: Vec<Option<usize>>,
    /// Whether a node's token can come to an end that is none of an error or interruption.
    arrives: Vec<bool>,
    homes: BTreeMap<NodeIndex, Home>,
    regions: Vec<Region>,
    of: Vec<Option<RegionIndex>>,
    /// The joins of all forks.
    ends: BTreeSet<NodeIndex>,
    found: Vec<Diagnostic>,
}

impl Division<'_, '_> {
    fn walk(&mut self, workflow: &mut Workflow) {
        let mut waiting = vec![(workflow.start, ROOT)];
        while let Some((node, mut region)) = waiting.pop() {
            if let Some(home) = self.homes.get(&node) {
                region = home.at.and_then(|at| self.region_of(at)).unwrap_or(ROOT);
            } else if self.exit_of(region) == Some(node) && region != ROOT {
                continue;
            }
            match self.region_of(node) {
                Some(known) if known == region => continue,
                Some(known) => {
                    self.crossing(workflow, node, known, region);
                    continue;
                }
                None => {}
            }
            if let Some(place) = self.of.get_mut(node.0) {
                *place = Some(region);
            }
            self.check_join(workflow, node);
            waiting.extend(self.next(workflow, node, region));
        }
    }

    fn region_of(&self, node: NodeIndex) -> Option<RegionIndex> {
        self.of.get(node.0).copied().flatten()
    }

    fn exit_of(&self, region: RegionIndex) -> Option<NodeIndex> {
        self.regions.get(region.0).map(|region| region.exit)
    }

    /// Where a node leads, with the regions there.
    fn next(
        &mut self,
        workflow: &mut Workflow,
        node: NodeIndex,
        region: RegionIndex,
    ) -> Vec<(NodeIndex, RegionIndex)> {
        if self.implied.overs.contains(&node) {
            // The listener's token is gone: its branch ends.
            if let (Some(exit), Some(made)) = (self.exit_of(region), workflow.nodes.get_mut(node.0)) {
                made.exit = Exit::Always(exit);
            }
        }
        let Kind::Fork(Fork {
            branches,
            each,
            is_unnested,
        }) = workflow.node(node).kind.clone()
        else {
            let targets = workflow.node(node).targets();
            return targets.into_iter().map(|to| (to, region)).collect();
        };
        let Some(join) = self.join(workflow, node, region) else {
            return Vec::new();
        };
        if branches.len() > MOST_BRANCHES {
            self.tell(
                workflow,
                node,
                "MORE_THAN_40_PARALLEL",
                (
                    "{} forks into more than 40 branches.",
                    "{} 的并行分支超过 40 条。",
                ),
            );
        }
        if self.around(region).count() > DEEPEST {
            let message = (
                "{} lies in too many forks within each other.",
                "{} 处于过多层嵌套的并行分支之中。",
            );
            self.tell(workflow, node, "LIMIT_NESTING", message);
            return Vec::new();
        }
        self.ends.insert(join);
        let mut next = Vec::with_capacity(branches.len() + 1);
        for (branch, entry) in branches.into_iter().enumerate() {
            self.regions.push(Region {
                fork: Some(node),
                branch,
                parent: Some(region),
                entry,
                exit: join,
                writes: BTreeSet::new(),
                is_each: each.is_some(),
                is_unnested,
            });
            fix_guard(workflow, entry, join);
            next.push((entry, RegionIndex(self.regions.len() - 1)));
        }
        if let Some(made) = workflow.nodes.get_mut(node.0) {
            made.exit = Exit::Always(join);
        }
        // The join lies where the fork lies, unless it ends that as well.
        next.push((join, region));
        next.reverse();
        next
    }

    fn join(&mut self, workflow: &Workflow, fork: NodeIndex, region: RegionIndex) -> Option<NodeIndex> {
        let implied = self.implied;
        if let Some(whole) = implied.listening.get(&fork).or_else(|| implied.eaches.get(&fork)) {
            // Listeners belong to the rest of their branch, or of their whole.
            return self.end_of(*whole, region);
        }
        let join = self.post_dominator(workflow, fork, region)?;
        if is_scope_end(workflow, join) {
            return Some(join);
        }
        let is_inclusive = self.is(fork, |kind| matches!(kind, document::Kind::Inclusive))
            || self
                .written_of(workflow, fork)
                .is_some_and(|no| self.is(NodeIndex(no), |kind| matches!(kind, document::Kind::Inclusive)));
        match self.graph.node(join.0).map(|node| &node.kind) {
            Some(document::Kind::Inclusive) => Some(join),
            Some(document::Kind::Parallel) if !is_inclusive => Some(join),
            Some(document::Kind::Parallel) => {
                self.tell(
                    workflow,
                    join,
                    "JOIN_NEVER_COMPLETES",
                    (
                        "{} waits for all of its flows, but an inclusive gateway need not take all of them.",
                        "{} 会等待所有进入的连线，但包容网关不一定全部执行。",
                    ),
                );
                None
            }
            _ => None,
        }
    }

    /// The first node that every way out of a fork passes and that can join it. Where branches meet before, the walk finds
    /// them meeting.
    fn post_dominator(&self, workflow: &Workflow, fork: NodeIndex, region: RegionIndex) -> Option<NodeIndex> {
        let Kind::Fork(Fork { branches, .. }) = &workflow.node(fork).kind else {
            return None;
        };
        let all_arrive = branches.iter().all(|entry| {
            let is_guard = workflow.node(*entry).silent;
            is_guard || self.arrives.get(entry.0) == Some(&true)
        });
        let scope_end = || self.end_of_scope(workflow, fork, region);
        if !all_arrive {
            // A branch that only raises an error never joins: nothing before the end of the scope waits for it.
            return scope_end();
        }
        let next = |at: &usize| self.joins.get(*at).copied().flatten();
        let mut passed = std::iter::successors(next(&fork.0), next).map(NodeIndex);
        let joins = |at: &NodeIndex| {
            is_scope_end(workflow, *at)
                || (self.graph.incoming(at.0).len() > 1
                    && self.is(*at, |kind| {
                        matches!(kind, document::Kind::Parallel | document::Kind::Inclusive)
                    }))
        };
        passed.find(joins).or_else(scope_end)
    }

    fn end_of_scope(&self, workflow: &Workflow, fork: NodeIndex, region: RegionIndex) -> Option<NodeIndex> {
        let whole = self.implied.wholes.get(&self.written_of(workflow, fork)?)?;
        self.end_of(*whole, region)
    }

    /// Where a fork ends that nothing joins: with the whole that it lies in, or with its branch of a fork around.
    fn end_of(&self, whole: Whole, region: RegionIndex) -> Option<NodeIndex> {
        match self.region_of(whole.beside) == Some(region) {
            true => Some(whole.end),
            false => self.exit_of(region),
        }
    }

    /// The node of the document that an implied node belongs to.
    fn written_of(&self, workflow: &Workflow, node: NodeIndex) -> Option<NodeNo> {
        let id = workflow.node(node).id.as_str();
        self.graph.find(id.split(':').next().unwrap_or(id))
    }

    fn is(&self, node: NodeIndex, wanted: fn(&document::Kind) -> bool) -> bool {
        self.graph.node(node.0).is_some_and(|node| wanted(&node.kind))
    }

    /// A gateway that joins, but no fork ends in it.
    fn check_join(&mut self, workflow: &Workflow, node: NodeIndex) {
        let is_join = self.is(node, |kind| matches!(kind, document::Kind::Parallel))
            && self.graph.incoming(node.0).len() > 1;
        let ends_a_fork = self.ends.contains(&node) || self.implied.latches.contains(&node);
        if is_join && !ends_a_fork {
            self.tell(
                workflow,
                node,
                "JOIN_NEVER_COMPLETES",
                (
                    "{} waits for several flows, but they are never taken together.",
                    "{} 等待多条连线，但它们不会同时到达。",
                ),
            );
        }
    }

    fn crossing(&mut self, workflow: &Workflow, node: NodeIndex, known: RegionIndex, region: RegionIndex) {
        let in_listener = |at: RegionIndex| {
            self.around(at).any(|one| {
                one.branch > 0
                    && one
                        .fork
                        .is_some_and(|fork| self.implied.listening.contains_key(&fork))
            })
        };
        let successors: Vec<Vec<NodeNo>> = workflow
            .nodes
            .iter()
            .map(|node| node.targets().iter().map(|to| to.0).collect())
            .collect();
        let fork = |at: RegionIndex| self.regions.get(at.0).and_then(|region| region.fork);
        let ahead = reachable(&successors, [node.0]);
        let loops = [known, region]
            .into_iter()
            .filter_map(fork)
            .any(|fork| ahead.get(fork.0) == Some(&true));
        let (code, message) = if in_listener(known) != in_listener(region) {
            (
                "NON_INTERRUPTING_REMERGE",
                (
                    "The way of an event that does not interrupt leads back to {}.",
                    "非中断事件的路径不能回到 {}。",
                ),
            )
        } else if loops {
            (
                "LOOP_CROSSES_FORK",
                (
                    "A loop through {} leads out of, or into, a branch that runs beside others.",
                    "经过 {} 的循环跨越了并行分支的边界。",
                ),
            )
        } else if self.is(node, |kind| matches!(kind, document::Kind::Inclusive)) {
            (
                "OR_JOIN_UNMATCHED",
                (
                    "{} joins flows that no single fork has split.",
                    "{} 汇聚的连线并非由同一个网关分出。",
                ),
            )
        } else if self.is(node, |kind| matches!(kind, document::Kind::Parallel)) {
            (
                "JOIN_NEVER_COMPLETES",
                (
                    "{} joins some branches of a fork that others leave another way.",
                    "{} 只汇聚了部分并行分支。",
                ),
            )
        } else {
            (
                "UNSAFE_MULTI_MERGE",
                (
                    "Branches that run at once meet at {} without a gateway that joins them.",
                    "同时执行的分支在 {} 汇合，但没有用于汇聚的网关。",
                ),
            )
        };
        self.tell(workflow, node, code, message);
    }

    fn around(&self, region: RegionIndex) -> impl Iterator<Item = &Region> {
        let up = |region: &&Region| region.parent.and_then(|at| self.regions.get(at.0));
        std::iter::successors(self.regions.get(region.0), up)
    }

    fn tell(&mut self, workflow: &Workflow, node: NodeIndex, code: &'static str, message: (&str, &str)) {
        let written = self.written_of(workflow, node).and_then(|no| self.graph.node(no));
        let pointer = written.map_or("/nodes", |node| node.pointer.as_str());
        let id = written.map_or("", |node| node.id.as_str());
        let name = format!("`{id}`");
        let text = Text::new(message.0.replace("{}", &name), message.1.replace("{}", &name));
        let diagnostic = Diagnostic::error(code, pointer, text).node(id);
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }
}

fn is_scope_end(workflow: &Workflow, node: NodeIndex) -> bool {
    let node = workflow.node(node);
    node.silent
        && matches!(
            node.kind,
            Kind::Pass | Kind::Status(_) | Kind::Step(_) | Kind::Close(_) | Kind::End
        )
}

/// A guard leads to the join where its branch is not taken.
fn fix_guard(workflow: &mut Workflow, guard: NodeIndex, join: NodeIndex) {
    let Some(node) = workflow.nodes.get_mut(guard.0) else {
        return;
    };
    if let Exit::Conditions { when, otherwise } = &mut node.exit {
        let targets = when.iter_mut().map(|(_, to)| to).chain([otherwise]);
        for to in targets.filter(|to| **to == JOIN) {
            *to = join;
        }
    }
}
