//! Forks: one `Parallel` each, whose branches are the regions of the fork.

use std::collections::BTreeSet;

use asl::types::{Branch, Catcher, Choice, ChoiceRule, Fail, Parallel, State};
use serde_json::Value;

use super::expression::{Change, INPUT, code, quote};
use super::ways::run;
use super::{Lowering, Made, Scope, Todo, todo};
use crate::resolve::{changed, highest};
use crate::workflow::{Exit, Kind, NodeIndex, RegionIndex};

const RESULT: &str = "$states.result";

impl Lowering<'_> {
    pub(super) fn fork(&self, index: NodeIndex, before: &[NodeIndex]) -> Made {
        let node = self.workflow.node(index);
        let regions = self.workflow.branches(index);
        let passed = self.list(before);
        let entering = Change {
            before: &passed,
            own: Some(node),
            ..Change::default()
        };
        let is_unnested = matches!(&node.kind, Kind::Fork(fork) if fork.is_unnested);
        let entered = match is_unnested {
            true => Some(remembering(&node.id, entering.expression())),
            false => entering.expression(),
        };
        let mut parallel = Parallel {
            comment: self.comment(index),
            arguments: self.entering(node.id.as_str(), entered),
            branches: regions.iter().map(|region| self.branch(*region)).collect(),
            ..Parallel::default()
        };
        let mut follow = Vec::new();
        if let Exit::Always(join) = node.exit {
            let (behind, next, more) = self.behind(index, join);
            let change = Change {
                behind: &behind,
                of: Some(match is_unnested {
                    true => self.met(),
                    false => self.joined(&regions),
                }),
                ..Change::default()
            };
            parallel.output = change.output();
            parallel.end = next.is_none();
            parallel.next = next;
            follow.extend(more);
        } else {
            // Every way leaves it early; the language wants to be told all the same what would follow.
            parallel.end = true;
        }
        let (catch, caught) = self.left(index);
        parallel.catch = catch;
        follow.extend(caught);
        (parallel.into(), follow)
    }

    pub(super) fn branch(&self, region: RegionIndex) -> Branch {
        let Scope { start_at, states } = self.scope(region);
        Branch {
            start_at,
            states,
            ..Branch::default()
        }
    }

    /// What branches have come to that met others: some of them ended there.
    fn met(&self) -> String {
        let base = format!("{INPUT}.data");
        let status = match self.travels.status {
            true => r#", "status": "rejected" in $all.status ? "rejected" : """#,
            false => "",
        };
        format!(
            r#"($all := $append([], $filter({RESULT}, function($one) {{$not($one.ended = true)}})); $first := $count($all) > 0 ? $all[0] : {RESULT}[0]; $merge([$first, {{"seq": $max({RESULT}.seq), "path": [$distinct([{RESULT}.path])], "data": {}, "visits": {}{status}}}]))"#,
            changed(&base, "$all"),
            highest(RESULT),
        )
    }

    /// What all branches begin with. A fork that an execution is resumed in was entered before.
    fn entering(&self, id: &str, entering: Option<String>) -> Option<Value> {
        let entering = entering?;
        Some(code(&match self.variant {
            super::Variant::Normal => entering,
            super::Variant::Resume => format!("{INPUT}.at = {} ? {INPUT} : {entering}", quote(id)),
        }))
    }

    /// What the branches have come to, together.
    fn joined(&self, regions: &[RegionIndex]) -> String {
        let mut members = vec![
            format!(r#""seq": $max({RESULT}.seq)"#),
            format!(r#""path": [$distinct([{RESULT}.path])]"#),
        ];
        let later = || regions.iter().enumerate().skip(1);
        let fields: Vec<String> = later()
            .flat_map(|(i, region)| {
                let writes = &self.workflow.region(*region).writes;
                writes
                    .iter()
                    .map(move |field| format!("{}: {RESULT}[{i}].data.`{field}`", quote(field)))
            })
            .collect();
        if !fields.is_empty() {
            let fields = fields.join(", ");
            let first = self.without_lent(regions);
            members.push(format!(r#""data": $merge([{first}, {{{fields}}}])"#));
        }
        let counters: Vec<String> = later()
            .flat_map(|(i, region)| {
                let counted = self.counted(*region);
                counted
                    .into_iter()
                    .map(move |id| format!("{}: {RESULT}[{i}].visits.`{id}`", quote(id)))
            })
            .collect();
        if !counters.is_empty() {
            let counters = counters.join(", ");
            members.push(format!(
                r#""visits": $merge([{RESULT}[0].visits, {{{counters}}}])"#
            ));
        }
        if self.travels.compensations {
            members.push(format!(r#""compensations": {}"#, remembered()));
        }
        if self.may_end(regions) {
            members.push(format!(
                r#""status": "rejected" in {RESULT}.status ? "rejected" : "completed""#
            ));
        }
        format!("$merge([{RESULT}[0], {{{}}}])", members.join(", "))
    }

    /// The data of the first branch, without what loops in the others lend: where an execution was resumed in one of them,
    /// a branch that had nothing to tell begins with what that knows.
    fn without_lent(&self, regions: &[RegionIndex]) -> String {
        let later = regions.get(1..).unwrap_or_default();
        let lent: BTreeSet<String> = self
            .workflow
            .nodes()
            .filter(|(_, node)| self.workflow.around(node.region).any(|at| later.contains(&at)))
            .filter_map(|(_, node)| match &node.kind {
                Kind::Step(step) => step.lends.as_deref().map(quote),
                _ => None,
            })
            .collect();
        if lent.is_empty() {
            return format!("{RESULT}[0].data");
        }
        let lent = lent.into_iter().collect::<Vec<_>>().join(", ");
        format!("$sift({RESULT}[0].data, function($v, $k) {{$not($k in [{lent}])}})")
    }

    /// The nodes in a region, and in the forks in it, whose visits are counted.
    pub(super) fn counted(&self, region: RegionIndex) -> BTreeSet<&str> {
        let inside = |at: RegionIndex| self.workflow.around(at).any(|one| one == region);
        let nodes = self.workflow.nodes();
        nodes
            .filter(|(_, node)| node.is_counted() && inside(node.region))
            .map(|(_, node)| node.id.as_str())
            .collect()
    }

    /// The nodes that lie in one of the regions and whose visits are counted.
    pub(super) fn counted_in(&self, regions: &[RegionIndex]) -> impl Iterator<Item = &str> {
        let nodes = self.workflow.nodes();
        nodes
            .filter(|(_, node)| node.is_counted() && regions.contains(&node.region))
            .map(|(_, node)| node.id.as_str())
    }

    /// Whether ends of the process lie in the branches.
    fn may_end(&self, regions: &[RegionIndex]) -> bool {
        self.workflow.nodes().any(|(_, node)| {
            matches!(node.kind, Kind::Status(_))
                && self.workflow.around(node.region).any(|at| regions.contains(&at))
        })
    }

    /// Where it goes on when a branch leaves the fork early.
    pub(super) fn left(&self, fork: NodeIndex) -> (Vec<Catcher>, Vec<Todo>) {
        let home = self.workflow.node(fork).region;
        let iteration = match self.workflow.node(fork).iterates {
            true => format!(r#", "iteration": {INPUT}.iteration"#),
            false => String::new(),
        };
        let mut catchers = Vec::new();
        let mut follow = Vec::new();
        for ((region, to), raise) in &self.workflow.raises {
            if raise.fork != fork {
                continue;
            }
            let (_, stop) = run(self.workflow, home, raise.first);
            let next = todo(stop);
            let output =
                format!(r#"$merge([$parse($states.errorOutput.Cause), {{"left": {INPUT}.seq{iteration}}}])"#);
            catchers.push(Catcher {
                output: Some(code(&output)),
                ..Catcher::new([self.name(*region, Todo::Raise(*to))], self.name(home, next))
            });
            follow.push(next);
        }
        (catchers, follow)
    }

    /// Leaves the fork: fails, with what travels as the cause.
    pub(super) fn raise(&self, region: RegionIndex, to: NodeIndex, before: &[NodeIndex]) -> State {
        let first = self
            .workflow
            .raises
            .get(&(region, to))
            .map_or(to, |raise| raise.first);
        let (behind, _) = run(self.workflow, self.workflow.node(to).region, first);
        let (before, behind) = (self.list(before), self.list(&behind));
        let leaves = Change {
            before: &before,
            ..Change::default()
        };
        let leaves = leaves.expression().unwrap_or_else(|| INPUT.to_owned());
        let change = Change {
            behind: &behind,
            of: Some(self.without_iteration(region, to, leaves)),
            ..Change::default()
        };
        let cause = change.expression().unwrap_or_else(|| INPUT.to_owned());
        Fail {
            error: Some(self.name(region, Todo::Raise(to))),
            cause: Some(format!("{{% $string({cause}) %}}")),
            ..Fail::default()
        }
        .into()
    }

    /// Opens a region with a `Choice` on the position; the normal beginning is for a region that was not begun. Gives
    /// the states that it may lead to.
    pub(super) fn resume(&self, region: RegionIndex, first: Todo, scope: &mut Scope) -> Vec<Todo> {
        let branch = self.workflow.region(region).branch;
        let (position, chosen) = match self.workflow.region(region).fork {
            None => (INPUT.to_owned(), None),
            Some(_) => {
                let position = format!("{INPUT}.branches[{branch}]");
                let chosen = format!(r#"$merge([{INPUT}, {{"at": "", "branches": []}}, {position}])"#);
                (position, Some(chosen))
            }
        };
        let mut choices = Vec::new();
        let mut follow = Vec::new();
        for (index, node) in self.workflow.nodes() {
            let rests = match &node.kind {
                Kind::Place(_) => true,
                Kind::Fork(fork) => fork.each.is_none() && !fork.is_unnested,
                _ => false,
            };
            if !rests || node.region != region || self.reached.get(index.0) != Some(&true) {
                continue;
            }
            let at = format!("{{% {position}.at = {} %}}", quote(node.told_id()));
            let mut rule = ChoiceRule::when(at, self.name(region, Todo::Node(index)));
            rule.output = chosen.as_deref().map(code);
            choices.push(rule);
            follow.push(Todo::Node(index));
        }
        if choices.is_empty() {
            return follow;
        }
        let mut otherwise = ChoiceRule::when("{% true %}", self.name(region, first));
        otherwise.output = Some(code(&format!(
            r#"$merge([{INPUT}, {{"at": "", "branches": []}}])"#
        )));
        choices.push(otherwise);
        let name = format!("{}:resume", self.branch_name(region));
        let choice = Choice {
            choices,
            ..Choice::default()
        };
        scope.states.insert(name.clone(), choice.into());
        scope.start_at = name;
        follow
    }
}

/// What branches remember: of what was there at the fork what none of them has undone, then what each of them adds.
fn remembered() -> String {
    let known = format!("{INPUT}.compensations");
    let is_everywhere = format!("$count({RESULT}[$c.key in compensations.key]) = $count({RESULT})");
    format!(
        "$append($append([], $filter({known}, function($c) {{{is_everywhere}}})), \
         $filter([{RESULT}.compensations], function($c) {{$not($c.key in {known}.key)}}))"
    )
}

/// What branches of an unnested fork begin with: they know the data at the fork.
fn remembering(fork: &str, entering: Option<String>) -> String {
    let entered = entering.unwrap_or_else(|| INPUT.to_owned());
    format!(
        r#"($s := {entered}; $merge([$s, {{"bases": $merge([$s.bases, {{{}: $s.data}}])}}]))"#,
        quote(fork)
    )
}
