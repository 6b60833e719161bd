//! Forks that do not nest: branches of one meet branches of another. A join that no fork around it ends in becomes a latch:
//! each branch tells that it has arrived, and the last one goes on from the join. What is behind such a join is
//! therefore there once for each branch that may be the last.

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::regions::{Implied, JOIN};
use super::{Whole, quote};
use crate::document;
use crate::graph::{Graph, NodeNo};
use crate::workflow::{Call, Called, Condition, Exit, Join, Kind, Node, NodeIndex, Step, Workflow};

/// Copies of more nodes than this are refused.
const MOST_COPIES: usize = 2_000;

/// Rewrites the workflow so that its forks nest.
///
/// # Errors
///
/// What of it cannot be done.
pub(super) fn nest(
    workflow: &mut Workflow,
    graph: &Graph<'_>,
    implied: &mut Implied,
    joins: &BTreeMap<NodeIndex, NodeIndex>,
) -> Result<(), Vec<Diagnostic>> {
    let joined: BTreeSet<NodeIndex> = joins.values().copied().collect();
    let latches: Vec<NodeIndex> = graph
        .nodes()
        .filter(|(no, node)| {
            matches!(node.kind, document::Kind::Parallel)
                && graph.incoming(*no).len() > 1
                && !joined.contains(&NodeIndex(*no))
        })
        .map(|(no, _)| NodeIndex(no))
        .collect();
    let mut nesting = Nesting {
        workflow,
        graph,
        copies: 0,
    };
    let mut found = Vec::new();
    // What cannot be joined is told by the walk over the regions.
    let owners: Vec<(NodeIndex, Owner)> = nesting
        .last_first(&latches)
        .into_iter()
        .filter_map(|latch| Some((latch, nesting.owner(latch, joins)?)))
        .collect();
    for (_, owner) in &owners {
        found.extend(nesting.refuses(owner));
        found.extend(nesting.conflicts(owner));
    }
    found.dedup();
    if !found.is_empty() {
        return Err(found);
    }
    for (latch, owner) in owners {
        let owner = nesting.as_it_is_now(owner);
        nesting.latch(latch, &owner, implied);
    }
    let is_too_large = nesting.copies > MOST_COPIES;
    if let (true, Some(latch)) = (is_too_large, latches.first()) {
        found.push(nesting.tell(*latch, TOO_MANY));
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

const TOO_MANY: (&str, &str) = (
    "There are too many joins of different forks behind each other from {} on.",
    "从 {} 起，汇聚不同分支网关的节点层数过多。",
);
const NOT_SIMPLE: (&str, &str) = (
    "{} lies between forks that do not nest: there are only tasks, gateways and events that lead on here.",
    "{} 位于非嵌套的并行分支之间：此处只允许任务、网关以及继续向前的事件。",
);

struct Nesting<'w, 'd> {
    workflow: &'w mut Workflow,
    graph: &'w Graph<'d>,
    copies: usize,
}

/// The innermost fork in which all branches begin that meet at a latch.
struct Owner {
    fork: NodeIndex,
    /// Where it ends.
    end: NodeIndex,
    inside: BTreeSet<NodeIndex>,
}

impl Nesting<'_, '_> {
    /// Those behind others first: what is behind a latch is copied as it is then.
    fn last_first(&self, latches: &[NodeIndex]) -> Vec<NodeIndex> {
        let mut latches: Vec<(usize, NodeIndex)> = latches
            .iter()
            .map(|latch| {
                let ahead = self.ahead(&[*latch], None);
                (
                    latches.iter().filter(|other| ahead.contains(other)).count(),
                    *latch,
                )
            })
            .collect();
        latches.sort();
        latches.into_iter().map(|(_, latch)| latch).collect()
    }

    /// What can be reached, up to the end of a fork.
    fn ahead(&self, from: &[NodeIndex], end: Option<NodeIndex>) -> BTreeSet<NodeIndex> {
        let mut ahead = BTreeSet::new();
        let mut waiting = from.to_vec();
        while let Some(at) = waiting.pop() {
            if Some(at) != end && ahead.insert(at) {
                let targets = self.workflow.node(at).targets();
                waiting.extend(targets.into_iter().filter(|to| *to != JOIN));
            }
        }
        ahead
    }

    /// After others were made latches.
    fn as_it_is_now(&self, owner: Owner) -> Owner {
        let mut inside = self.ahead(&[owner.fork], Some(owner.end));
        inside.remove(&owner.end);
        Owner { inside, ..owner }
    }

    fn owner(&self, latch: NodeIndex, joins: &BTreeMap<NodeIndex, NodeIndex>) -> Option<Owner> {
        let sources: Vec<NodeIndex> = self
            .graph
            .incoming(latch.0)
            .iter()
            .map(|edge| NodeIndex(edge.node))
            .collect();
        let owners = joins.iter().filter_map(|(fork, end)| {
            let Kind::Fork(found) = &self.workflow.node(*fork).kind else {
                return None;
            };
            let mut inside = self.ahead(&found.branches, Some(*end));
            let all = sources
                .iter()
                .all(|source| inside.contains(source) || source == fork);
            inside.insert(*fork);
            (all && inside.contains(&latch) && !inside.contains(end)).then_some(Owner {
                fork: *fork,
                end: *end,
                inside,
            })
        });
        let owner = owners.min_by_key(|owner| owner.inside.len())?;
        self.all_come(&owner, &sources).then_some(owner)
    }

    /// Whether each of the flows into a latch is taken, and once: what decides on the way has come together before.
    fn all_come(&self, owner: &Owner, sources: &[NodeIndex]) -> bool {
        let mut sure = BTreeSet::new();
        let mut waiting = vec![owner.fork];
        while let Some(at) = waiting.pop() {
            if !owner.inside.contains(&at) || !sure.insert(at) {
                continue;
            }
            match &self.workflow.node(at).kind {
                Kind::Fork(fork) => waiting.extend(&fork.branches),
                _ => waiting.extend(self.comes_to(at, owner)),
            }
        }
        sources.iter().all(|source| sure.contains(source))
    }

    /// Where a token certainly comes that leaves a node, over alternatives without forks or joins in them.
    fn comes_to(&self, from: NodeIndex, owner: &Owner) -> Option<NodeIndex> {
        let targets = self.workflow.node(from).targets();
        let (first, others) = targets.split_first()?;
        if others.iter().all(|other| other == first) {
            return Some(*first);
        }
        let ways: Vec<BTreeSet<NodeIndex>> = targets
            .iter()
            .map(|to| self.ahead(&[*to], Some(owner.end)))
            .collect();
        let common: Vec<NodeIndex> = ways
            .iter()
            .flatten()
            .copied()
            .filter(|at| ways.iter().all(|way| way.contains(at)))
            .collect();
        // The first of them leads to all others.
        let mut first = common.iter().map(|at| (*at, self.ahead(&[*at], Some(owner.end))));
        let (at, ahead) = first.find(|(_, ahead)| common.iter().all(|one| ahead.contains(one)))?;
        let mut between = ways.iter().flatten().filter(|one| !ahead.contains(one));
        let is_plain =
            |one: &NodeIndex| !matches!(self.workflow.node(*one).kind, Kind::Fork(_)) && !self.is_join(*one);
        between.all(is_plain).then_some(at)
    }

    fn is_join(&self, at: NodeIndex) -> bool {
        let is_parallel = self
            .graph
            .node(at.0)
            .is_some_and(|node| matches!(node.kind, document::Kind::Parallel));
        is_parallel && self.graph.incoming(at.0).len() > 1
    }

    /// What cannot lie between such forks.
    fn refuses(&self, owner: &Owner) -> Option<Diagnostic> {
        let leads_on = |node: &Node| {
            let targets = node.targets();
            targets
                .iter()
                .all(|to| owner.inside.contains(to) || *to == owner.end)
        };
        let is_simple = |node: &Node| {
            let kind = match &node.kind {
                Kind::Place(place) => place.attached.is_none(),
                Kind::Fork(fork) => fork.each.is_none(),
                Kind::Close(_) | Kind::Fail(_) | Kind::End => false,
                Kind::Step(_) => node.silent && node.id.contains(":join:"),
                _ => true,
            };
            kind && node.of.is_none()
        };
        let is_sub = |at: NodeIndex| {
            self.graph
                .node(at.0)
                .is_some_and(|node| matches!(node.kind, document::Kind::SubProcess { .. }))
        };
        let mut inside = owner.inside.iter();
        let odd = inside.find(|at| {
            let node = self.workflow.node(**at);
            is_sub(**at) || !is_simple(node) || !leads_on(node)
        });
        odd.map(|at| self.tell(*at, NOT_SIMPLE))
    }

    /// A field is written by one node, and read only before it or behind it.
    fn conflicts(&self, owner: &Owner) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut writers: BTreeMap<&str, NodeIndex> = BTreeMap::new();
        for at in &owner.inside {
            let node = self.workflow.node(*at);
            let brought: Vec<&String> = match &node.kind {
                Kind::Place(place) => place
                    .events
                    .iter()
                    .flat_map(|event| event.trigger.writes())
                    .collect(),
                _ => Vec::new(),
            };
            for field in node
                .writes()
                .into_iter()
                .chain(brought.into_iter().map(String::as_str))
            {
                if let Some(other) = writers.insert(field, *at).filter(|other| other != at) {
                    found.push(self.conflict(*at, "WRITE_CONFLICT", field, other));
                }
            }
        }
        for at in &owner.inside {
            let ahead = self.ahead(&[*at], Some(owner.end));
            for field in super::conflicts::reads(self.workflow.node(*at)) {
                let Some(writer) = writers.get(field.as_str()).copied() else {
                    continue;
                };
                if !ahead.contains(&writer) && !self.ahead(&[writer], Some(owner.end)).contains(at) {
                    found.push(self.conflict(*at, "READ_CONFLICT", &field, writer));
                }
            }
        }
        found
    }

    fn conflict(&self, at: NodeIndex, code: &str, field: &str, other: NodeIndex) -> Diagnostic {
        let other = &self.workflow.node(other).id;
        let text = Text::new(
            format!(
                "`{field}` is touched here while `{other}` may write it, between forks that do not nest."
            ),
            format!("在非嵌套的并行分支之间，此处使用的 `{field}` 可能同时被 `{other}` 写入。"),
        );
        Diagnostic {
            code: code.to_owned(),
            message: text,
            ..self.tell(at, NOT_SIMPLE)
        }
    }

    fn tell(&self, at: NodeIndex, message: (&str, &str)) -> Diagnostic {
        let id = self.workflow.node(at).id.split(':').next().unwrap_or_default();
        let written = self.graph.find(id).and_then(|no: NodeNo| self.graph.node(no));
        let pointer = written.map_or("/nodes", |node| node.pointer.as_str());
        let name = format!("`{id}`");
        let text = Text::new(message.0.replace("{}", &name), message.1.replace("{}", &name));
        Diagnostic::error("LIMIT_JOINS", pointer, text).node(id)
    }

    fn latch(&mut self, latch: NodeIndex, owner: &Owner, implied: &mut Implied) {
        let forks = owner.inside.iter().copied().filter(|at| {
            matches!(self.workflow.node(*at).kind, Kind::Fork(_))
                && self.ahead(&[*at], Some(owner.end)).contains(&latch)
        });
        for fork in forks.collect::<Vec<_>>() {
            let whole = Whole {
                end: owner.end,
                beside: owner.fork,
            };
            implied.eaches.insert(fork, whole);
            if let Some(Node {
                kind: Kind::Fork(made),
                ..
            }) = self.workflow.nodes.get_mut(fork.0)
            {
                made.is_unnested = true;
            }
        }
        implied.latches.insert(latch);
        let flows = self.flows_into(latch, owner);
        for (flow, (from, count)) in flows.iter().enumerate() {
            let behind = match flow {
                0 => latch,
                _ => self.copy(latch, owner),
            };
            let arrive = self.arrive(latch, owner, flow, *count, behind);
            self.redirect(*from, latch, arrive);
        }
    }

    /// The nodes with a way into a latch, each with how many there are.
    fn flows_into(&self, latch: NodeIndex, owner: &Owner) -> Vec<(NodeIndex, usize)> {
        let into = owner
            .inside
            .iter()
            .filter(|at| self.workflow.node(**at).targets().contains(&latch));
        let into: Vec<NodeIndex> = into.copied().collect();
        let count = into.len();
        into.into_iter().map(|from| (from, count)).collect()
    }

    fn arrive(
        &mut self,
        latch: NodeIndex,
        owner: &Owner,
        flow: usize,
        flows: usize,
        behind: NodeIndex,
    ) -> NodeIndex {
        let (id, fork) = (
            self.workflow.node(latch).id.clone(),
            self.workflow.node(owner.fork).id.clone(),
        );
        let name = |what: &str| format!("{id}:join:{flow}:{what}");
        let merged = Step {
            expression: merged(&fork, flows),
            ..Step::default()
        };
        let merge = self.imply(name("merge"), Kind::Step(merged), Exit::Always(behind));
        let waits = Step {
            expression: r#"{"ended": true}"#.to_owned(),
            ..Step::default()
        };
        let waits = self.imply(name("wait"), Kind::Step(waits), Exit::Always(owner.end));
        let is_last = Condition::Travelling {
            expression: format!("$s.arrived.count = {flows}"),
            reads: Vec::new(),
        };
        let last = Exit::Conditions {
            when: vec![(is_last, merge)],
            otherwise: waits,
        };
        let last = self.imply(name("last"), Kind::Gateway, last);
        let call = Call {
            what: Called::Join(Join { at: latch, flow }),
            retry: crate::node::Retry::default(),
            writes: Vec::new(),
            catches: Vec::new(),
        };
        self.imply(name("arrive"), Kind::Call(Box::new(call)), Exit::Always(last))
    }

    fn imply(&mut self, id: String, kind: Kind, exit: Exit) -> NodeIndex {
        let mut node = super::blank(id);
        (node.silent, node.kind, node.exit) = (true, kind, exit);
        self.add(node)
    }

    fn add(&mut self, node: Node) -> NodeIndex {
        self.workflow.nodes.push(node);
        NodeIndex(self.workflow.nodes.len() - 1)
    }

    /// Another of what is behind a latch, up to the end of the fork.
    fn copy(&mut self, latch: NodeIndex, owner: &Owner) -> NodeIndex {
        let behind = self.ahead(&[latch], Some(owner.end));
        self.copies += behind.len();
        if self.copies > MOST_COPIES {
            return latch;
        }
        let made: BTreeMap<NodeIndex, NodeIndex> = behind
            .iter()
            .map(|at| {
                let mut node = self.workflow.node(*at).clone();
                node.state = Some(format!("{}:{}", node.state_name(), self.workflow.nodes.len()));
                (*at, self.add(node))
            })
            .collect();
        for copy in made.values() {
            if let Some(node) = self.workflow.nodes.get_mut(copy.0) {
                node.lead(|to| made.get(&to).copied().unwrap_or(to));
            }
        }
        made.get(&latch).copied().unwrap_or(latch)
    }

    fn redirect(&mut self, from: NodeIndex, latch: NodeIndex, arrive: NodeIndex) {
        if let Some(node) = self.workflow.nodes.get_mut(from.0) {
            node.lead(|to| if to == latch { arrive } else { to });
        }
    }
}

/// What the branches have come to that met: of the data what each of them has changed since the fork.
fn merged(fork: &str, flows: usize) -> String {
    let values: Vec<String> = (0..flows)
        .map(|flow| format!("$lookup($s.arrived.arrived, {})", quote(&flow.to_string())))
        .collect();
    let values = values.join(", ");
    let base = format!("$s.bases.`{fork}`");
    format!(
        r#"($all := [{values}]; $base := {base}; {{"seq": $max($all.seq), "data": {}, "visits": {}, "status": "rejected" in $all.status ? "rejected" : ""}})"#,
        changed("$base", "$all"),
        highest("$all"),
    )
}

/// A base with what some have changed of it.
pub(crate) fn changed(base: &str, all: &str) -> String {
    format!(
        "$merge($append([{base}], $append([], $map({all}, function($one) \
         {{$sift($one.data, function($v, $k) {{$not($v = $lookup({base}, $k))}})}}))))"
    )
}

/// The highest of each counter.
pub(crate) fn highest(all: &str) -> String {
    format!(
        "$merge($append([], $map($append([], $keys($merge({all}.visits))), function($k) \
         {{{{$k: $max($append([], $map({all}, function($one) {{$lookup($one.visits, $k)}})))}}}})))"
    )
}
