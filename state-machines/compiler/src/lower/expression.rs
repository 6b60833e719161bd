//! The JSONata of a machine: conditions, and what travels from state to state.
//!
//! The data of an execution: `seq`, the number of the node entered last; `visits`, how often each node that
//! can repeat was entered; `path`, what was entered since a function last wrote it down; `data`, the fields
//! that conditions read; `outcome` of the last task; `status` once an end is reached.

use serde_json::{Value, json};

/// A node that is entered.
pub(super) struct Entered<'n> {
    pub(super) id: &'n str,
    pub(super) repeats: bool,
}

/// Whether a state is the machine's first, and so has to count the start event in.
pub(super) enum Position<'n> {
    Later,
    First {
        /// The start event and what is passed behind it.
        passed: Vec<Entered<'n>>,
        /// The way comes back here, so the start counts only while nothing else does.
        again: bool,
    },
}

/// A string of JSONata.
pub(super) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// A condition over the data, as a path step so that bare names are fields. A condition that has no value does
/// not hold.
pub(super) fn holds(condition: &str) -> String {
    format!("($states.input.data.({})) = true", condition.trim())
}

pub(super) fn outcome_is(outcomes: &[String]) -> String {
    match outcomes {
        [outcome] => format!("$states.input.outcome = {}", quote(outcome)),
        outcomes => {
            let list: Vec<String> = outcomes.iter().map(|outcome| quote(outcome)).collect();
            format!("$states.input.outcome in [{}]", list.join(", "))
        }
    }
}

/// `and` does not look at what follows a condition that fails. No condition: always, as a rule like the others,
/// so that its `Output` stands beside it.
pub(super) fn condition(all: &[String]) -> String {
    match all {
        [] => "{% true %}".to_owned(),
        all => format!("{{% {} %}}", all.join(" and ")),
    }
}

/// The number of the node entered last before this state, plus `more`.
pub(super) fn seq(position: &Position<'_>, more: usize) -> String {
    match position {
        Position::Later => format!("$states.input.seq + {more}"),
        Position::First { passed, again: false } => (passed.len() + more).to_string(),
        Position::First { passed, again: true } => {
            format!("$max([$states.input.seq, {}]) + {more}", passed.len())
        }
    }
}

/// What was entered before this state and not written down yet.
fn path_before(position: &Position<'_>) -> String {
    match position {
        Position::Later => "$states.input.path".to_owned(),
        Position::First { passed, again: false } => first_entries(passed),
        Position::First { passed, again: true } => {
            format!(
                "($states.input.seq = 0 ? {} : $states.input.path)",
                first_entries(passed)
            )
        }
    }
}

/// Nothing has been visited before, so every visit is the first.
fn first_entries(passed: &[Entered<'_>]) -> String {
    let entries = passed
        .iter()
        .enumerate()
        .map(|(i, node)| format!(r#"{{"node": {}, "visit": 1, "seq": {}}}"#, quote(node.id), i + 1));
    format!("[{}]", entries.collect::<Vec<_>>().join(", "))
}

/// `path_before` as a member of `Payload`.
pub(super) fn path_value(position: &Position<'_>) -> Value {
    match position {
        Position::First { passed, again: false } => passed
            .iter()
            .enumerate()
            .map(|(i, node)| json!({"node": node.id, "visit": 1, "seq": i + 1}))
            .collect(),
        _ => json!(format!("{{% {} %}}", path_before(position))),
    }
}

/// The number of this entering of a node.
pub(super) fn visit(node: &Entered<'_>) -> String {
    if node.repeats {
        format!("$sum([$states.input.visits.`{}`, 1])", node.id)
    } else {
        "1".to_owned()
    }
}

/// The entries of `nodes`, the first of which is `from` after the node entered last.
fn entries(position: &Position<'_>, nodes: &[Entered<'_>], from: usize) -> String {
    let entries = nodes.iter().enumerate().map(|(i, node)| {
        format!(
            r#"{{"node": {}, "visit": {}, "seq": {}}}"#,
            quote(node.id),
            visit(node),
            seq(position, from + i)
        )
    });
    format!("[{}]", entries.collect::<Vec<_>>().join(", "))
}

/// The counters after `nodes` were entered; none where none of them counts.
fn visits<'n>(position: &Position<'n>, nodes: impl Iterator<Item = &'n Entered<'n>>) -> Option<String> {
    // What lies before the first state of all counts as soon as the way can come back to it.
    let before = match position {
        Position::First { passed, .. } => passed.as_slice(),
        Position::Later => &[],
    };
    let first: Vec<String> = before
        .iter()
        .filter(|node| node.repeats)
        .map(|node| {
            format!(
                "{}: $sum([$states.input.visits.`{}`, 1])",
                quote(node.id),
                node.id
            )
        })
        .collect();
    let counted: Vec<String> = nodes
        .filter(|node| node.repeats)
        .map(|node| format!("{}: {}", quote(node.id), visit(node)))
        .collect();
    let first =
        (!first.is_empty()).then(|| format!("$states.input.seq = 0 ? {{{}}} : {{}}", first.join(", ")));
    let counted = (!counted.is_empty()).then(|| format!("{{{}}}", counted.join(", ")));
    let parts: Vec<String> = first.into_iter().chain(counted).collect();
    (!parts.is_empty()).then(|| format!("$merge([$states.input.visits, {}])", parts.join(", ")))
}

/// What a task hands on: `answer` (members made of its result), and what is passed behind it.
pub(super) fn after_task(
    position: &Position<'_>,
    task: &Entered<'_>,
    answer: &[(&str, &str)],
    passed: &[Entered<'_>],
    status: Option<&str>,
) -> Value {
    let mut members: Vec<(&str, String)> = answer
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    members.push(("seq", seq(position, 1 + passed.len())));
    if let Some(visits) = visits(position, std::iter::once(task).chain(passed)) {
        members.push(("visits", visits));
    }
    members.push(("path", entries(position, passed, 2)));
    merged(members, status)
}

/// What a `Choice` hands on where `passed` is entered; none: its input.
pub(super) fn passed(position: &Position<'_>, passed: &[Entered<'_>], status: Option<&str>) -> Option<Value> {
    if passed.is_empty() {
        return None;
    }
    let mut members = vec![("seq", seq(position, passed.len()))];
    if let Some(visits) = visits(position, passed.iter()) {
        members.push(("visits", visits));
    }
    let path = format!(
        "$append({}, {})",
        path_before(position),
        entries(position, passed, 1)
    );
    members.push(("path", path));
    Some(merged(members, status))
}

fn merged(members: Vec<(&str, String)>, status: Option<&str>) -> Value {
    let status = status.map(|status| ("status", quote(status)));
    let members: Vec<String> = members
        .into_iter()
        .chain(status)
        .map(|(name, value)| format!(r#""{name}": {value}"#))
        .collect();
    json!(format!(
        "{{% $merge([$states.input, {{{}}}]) %}}",
        members.join(", ")
    ))
}
