//! The JSONata of a machine: conditions, and how what travels changes from state to state.
//!
//! `docs/machines-and-functions.md` tells what travels. A state applies to its input what is passed **before** it (only
//! the first state of a region has that), then itself, then what is passed **behind** it.

use serde_json::{Value, json};

use crate::node::EndStatus;
use crate::workflow::{Condition, Kind, Node};

/// What a state is given.
pub(super) const INPUT: &str = "$states.input";

/// A string of JSONata.
pub(super) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// An expression as a member of a state.
pub(super) fn code(expression: &str) -> Value {
    json!(format!("{{% {expression} %}}"))
}

pub(super) fn is_one_of(member: &str, values: &[String]) -> String {
    match values {
        [value] => format!("{INPUT}.{member} = {}", quote(value)),
        values => {
            let list: Vec<String> = values.iter().map(|value| quote(value)).collect();
            format!("{INPUT}.{member} in [{}]", list.join(", "))
        }
    }
}

/// `and` does not look at what follows a condition that fails. No condition: always, as a rule like the others,
/// so that its `Output` stands beside it.
pub(super) fn all(conditions: &[String]) -> String {
    match conditions {
        [] => "{% true %}".to_owned(),
        all => format!("{{% {} %}}", all.join(" and ")),
    }
}

/// A condition over the data after `passed`, as a path step so that bare names are fields. A condition that has no
/// value does not hold.
pub(super) fn holds(condition: &Condition, passed: &[&Node]) -> String {
    match condition {
        Condition::Data(condition) if !passed.iter().any(|node| is_step(node)) => {
            holds_on_data(condition.trim(), passed)
        }
        Condition::Data(condition) => {
            let condition = format!("($s.data.({})) = true", condition.trim());
            with_state(passed, &condition)
        }
        Condition::Travelling { expression, .. } => with_state(passed, expression),
    }
}

/// An expression over what travels after `passed`, as `$s`.
fn with_state(passed: &[&Node], expression: &str) -> String {
    let change = Change {
        behind: passed,
        ..Change::default()
    };
    let state = change.expression().unwrap_or_else(|| INPUT.to_owned());
    format!("($s := {state}; {expression})")
}

fn is_step(node: &Node) -> bool {
    matches!(node.kind, Kind::Step(_))
}

fn holds_on_data(condition: &str, passed: &[&Node]) -> String {
    match changed(&format!("{INPUT}.data"), passed) {
        Data::Same(data) => format!("({data}.({condition})) = true"),
        Data::Block(block, data) => format!("({block}; ({data}.({condition})) = true)"),
    }
}

/// The value of an expression over the data after `passed`.
pub(super) fn value(expression: &str, passed: &[&Node]) -> String {
    let expression = expression.trim();
    // Made a member first: a path step takes a list apart.
    match changed(&format!("{INPUT}.data"), passed) {
        Data::Same(data) => format!("{data}.{{\"v\": ({expression})}}.v"),
        Data::Block(block, data) => format!("({block}; {data}.{{\"v\": ({expression})}}.v)"),
    }
}

enum Data {
    /// An expression of the data.
    Same(String),
    /// Bindings, and the variable that then has the data.
    Block(String, &'static str),
}

/// The data after the effects of nodes.
fn changed(data: &str, nodes: &[&Node]) -> Data {
    let effects: Vec<&str> = nodes
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Effect(effect) => Some(effect.expression.as_str()),
            _ => None,
        })
        .collect();
    if effects.is_empty() {
        return Data::Same(data.to_owned());
    }
    let mut block = format!("$d := {data}");
    for effect in effects {
        block.push_str(&format!("; $d := $merge([$d, $d.({effect})])"));
    }
    Data::Block(block, "$d")
}

fn data_after(data: &str, nodes: &[&Node]) -> Option<String> {
    match changed(data, nodes) {
        Data::Same(_) => None,
        Data::Block(block, data) => Some(format!("({block}; {data})")),
    }
}

fn told<'n>(nodes: &'n [&'n Node]) -> impl Iterator<Item = &'n &'n Node> {
    nodes.iter().filter(|node| !node.silent)
}

/// The number of the node entered last before this state, plus those passed and `more`.
pub(super) fn seq(input: &str, before: &[&Node], more: usize) -> String {
    match told(before).count() + more {
        0 => format!("{input}.seq"),
        count => format!("{input}.seq + {count}"),
    }
}

/// The number of this entering of a node.
pub(super) fn visit(input: &str, node: &Node) -> String {
    match &node.of {
        Some(of) if of.repeats => format!("{input}.visits.`{}`", of.id),
        None if node.repeats => format!("$sum([{input}.visits.`{}`, 1])", node.id),
        _ => "1".to_owned(),
    }
}

/// The visits of a node that was entered, in the input or in `before`.
pub(super) fn visits_so_far(before: &[&Node], node: &Node) -> String {
    match (node.repeats, before.iter().any(|one| one.id == node.id)) {
        (false, _) => "1".to_owned(),
        (true, true) => visit(INPUT, node),
        (true, false) => format!("{INPUT}.visits.`{}`", node.id),
    }
}

/// The entries of `nodes`, of which the first is `from` after the input's `seq`.
fn entries(input: &str, nodes: &[&Node], from: usize) -> String {
    let entries = told(nodes).enumerate().map(|(i, node)| {
        let iteration = match (node.iterates, node.of_iteration) {
            (true, None) => format!(r#", "iteration": {input}.iteration"#),
            (true, Some(depth)) => format!(
                r#", "iteration": $join($split({input}.iteration, ".")[[0..{}]], ".")"#,
                depth.saturating_sub(1)
            ),
            (false, _) => String::new(),
        };
        format!(
            r#"{{"node": {}, "visit": {}, "seq": {}{iteration}}}"#,
            quote(node.told_id()),
            visit(input, node),
            seq(input, &[], from + i)
        )
    });
    format!("[{}]", entries.collect::<Vec<_>>().join(", "))
}

/// What was entered and not written down, after `before`.
pub(super) fn path(input: &str, before: &[&Node]) -> String {
    match told(before).count() {
        0 => format!("{input}.path"),
        _ => format!("$append({input}.path, {})", entries(input, before, 1)),
    }
}

/// The counters after `nodes`; none where none of them counts.
fn visits(input: &str, nodes: &[&Node]) -> Option<String> {
    let counted: Vec<String> = nodes
        .iter()
        .filter(|node| node.is_counted())
        .map(|node| format!("{}: {}", quote(&node.id), visit(input, node)))
        .collect();
    (!counted.is_empty()).then(|| format!("$merge([{input}.visits, {{{}}}])", counted.join(", ")))
}

/// The counters after a listener, which is passed alone.
fn visits_unless_over(input: &str, listener: &Node) -> Option<String> {
    let id = &listener.id;
    let entered = r#"$states.result.entered = false ? 0 : 1"#;
    listener.is_counted().then(|| {
        format!(
            "$merge([{input}.visits, {{{}: $sum([{input}.visits.`{id}`, {entered}])}}])",
            quote(id)
        )
    })
}

pub(super) fn visits_after(before: &[&Node]) -> String {
    visits(INPUT, before).unwrap_or_else(|| format!("{INPUT}.visits"))
}

pub(super) fn data_before(before: &[&Node]) -> String {
    data_after(&format!("{INPUT}.data"), before).unwrap_or_else(|| format!("{INPUT}.data"))
}

/// When scopes with timers were entered.
pub(super) fn since_after(input: &str, nodes: &[&Node]) -> Option<String> {
    let entered: Vec<String> = nodes
        .iter()
        .filter(|node| node.since)
        .map(|node| format!("{}: $now()", quote(&node.id)))
        .collect();
    (!entered.is_empty()).then(|| format!("$merge([{input}.since, {{{}}}])", entered.join(", ")))
}

/// The status after the last end that is passed. An end that was rejected is not made good by another one of
/// the same token's.
fn status(input: &str, nodes: &[&Node]) -> Option<String> {
    let mut last = nodes.iter().rev().filter_map(|node| match node.kind {
        Kind::Status(end) => Some((end.status, end.may_follow && !end.ends_all)),
        _ => None,
    });
    last.next()
        .map(|(status, may_follow)| match (status, may_follow) {
            (EndStatus::Completed, true) => {
                format!(r#"{input}.status = "rejected" ? "rejected" : "completed""#)
            }
            (status, _) => quote(status.as_str()),
        })
}

/// A change of what travels.
#[derive(Default, Clone)]
pub(super) struct Change<'n> {
    /// What is passed before the state's own node.
    pub(super) before: &'n [&'n Node],
    /// The state's own node, where the state enters one.
    pub(super) own: Option<&'n Node>,
    /// What is passed behind.
    pub(super) behind: &'n [&'n Node],
    /// Members that the state's result makes.
    pub(super) members: Vec<(&'static str, String)>,
    /// What the result sets in the data.
    pub(super) data: Option<String>,
    /// A function was called, and wrote down the path.
    pub(super) is_told: bool,
    /// The state's own node may be over before it was entered; the result tells.
    pub(super) may_be_over: bool,
    /// What it is a change of; the input, where nothing is said.
    pub(super) of: Option<String>,
}

impl Change<'_> {
    /// The expression of the new state; none where it is the input.
    pub(super) fn expression(mut self) -> Option<String> {
        if let Some(at) = self.before.iter().position(|node| is_step(node)) {
            let (first, rest) = self.before.split_at(at);
            self.of = Some(stepped(first, rest, self.of.take()));
            self.before = rest.get(1..).unwrap_or_default();
            return self.expression();
        }
        if let Some(at) = self.behind.iter().position(|node| is_step(node)) {
            let (first, rest) = self.behind.split_at(at);
            self.behind = first;
            let of = self.expression();
            let behind = Change {
                of: Some(stepped(&[], rest, of)),
                behind: rest.get(1..).unwrap_or_default(),
                ..Change::default()
            };
            return behind.expression();
        }
        match self.of.clone() {
            None => {
                let members = self.members(INPUT);
                (!members.is_empty()).then(|| merged(INPUT, &members))
            }
            Some(of) => {
                let members = self.members("$s");
                match members.is_empty() {
                    true => Some(of),
                    false => Some(format!("($s := {of}; {})", merged("$s", &members))),
                }
            }
        }
    }

    fn members(self, input: &str) -> Vec<(&'static str, String)> {
        let mut walked: Vec<&Node> = self.before.to_vec();
        walked.extend(self.own);
        let counted = told(&walked).count();
        walked.extend(self.behind);
        let all = told(&walked).count();
        let mut members = self.members;
        if all > 0 && !members.iter().any(|(name, _)| *name == "seq") {
            members.push(("seq", seq(input, &[], all)));
        }
        let visits = match (self.may_be_over, self.own) {
            (true, Some(own)) => visits_unless_over(input, own),
            _ => visits(input, &walked),
        };
        members.extend(visits.map(|visits| ("visits", visits)));
        if self.is_told {
            members.push(("path", entries(input, self.behind, counted + 1)));
        } else if all > 0 {
            members.push(("path", path(input, &walked)));
        }
        let data = format!("{input}.data");
        let before = data_after(&data, self.before);
        let with_result = match (self.data, before) {
            (Some(result), None) => Some(format!("$merge([{data}, {result}])")),
            (Some(result), Some(before)) => Some(format!("$merge([{before}, {result}])")),
            (None, before) => before,
        };
        let own: Vec<&Node> = self.own.into_iter().chain(self.behind.iter().copied()).collect();
        let base = with_result.clone().unwrap_or(data);
        members.extend(data_after(&base, &own).or(with_result).map(|data| ("data", data)));
        members.extend(since_after(input, &walked).map(|since| ("since", since)));
        members.extend(status(input, &walked).map(|status| ("status", status)));
        members
    }

    pub(super) fn output(self) -> Option<Value> {
        self.expression().map(|expression| code(&expression))
    }
}

/// What travels after `passed`, and then the step that stands first in `rest`.
fn stepped(passed: &[&Node], rest: &[&Node], of: Option<String>) -> String {
    let change = Change {
        behind: passed,
        of,
        ..Change::default()
    };
    let before = change.expression().unwrap_or_else(|| INPUT.to_owned());
    match rest.first().map(|node| &node.kind) {
        Some(Kind::Step(step)) => format!("($s := {before}; $merge([$s, {}]))", step.expression),
        _ => before,
    }
}

fn merged(of: &str, members: &[(&'static str, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!(r#""{name}": {value}"#))
        .collect();
    format!("$merge([{of}, {{{}}}])", members.join(", "))
}
