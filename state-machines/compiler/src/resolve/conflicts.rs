//! `WRITE_CONFLICT`, `READ_CONFLICT`: branches that run at once may not touch what another one writes.

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use crate::condition;
use crate::document::{Assignments, TimerValue};
use crate::graph::Graph;
use crate::node::Service;
use crate::workflow::{
    Called, Condition, Exit, Fork, Kind, Node, NodeIndex, Opens, Place, RegionIndex, Trigger, Workflow,
};

pub(super) fn check(workflow: &Workflow, graph: &Graph<'_>) -> Result<(), Vec<Diagnostic>> {
    let mut found = Vec::new();
    if workflow.regions.len() < 2 {
        return Ok(());
    }
    let readers = readers(workflow);
    for (_, node) in workflow.nodes() {
        // Those that do not nest are checked before their branches are copied.
        match &node.kind {
            Kind::Fork(fork) if !fork.is_unnested => {}
            _ => continue,
        }
        let fork = node;
        let branches = workflow
            .regions()
            .find(|(_, region)| region.fork.is_some_and(|one| workflow.node(one).id == fork.id));
        let Some(index) = branches.and_then(|(_, region)| region.fork) else {
            continue;
        };
        let branches = workflow.branches(index);
        for one in &branches {
            for other in branches.iter().filter(|other| *other != one) {
                clash(workflow, graph, &readers, fork, (*one, *other), &mut found);
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn clash(
    workflow: &Workflow,
    graph: &Graph<'_>,
    readers: &BTreeMap<RegionIndex, BTreeMap<String, NodeIndex>>,
    fork: &Node,
    (one, other): (RegionIndex, RegionIndex),
    found: &mut Vec<Diagnostic>,
) {
    let mut tell = |code: &str, node: &Node, en: String, zh: String| {
        let id = node.id.split(':').next().unwrap_or(&node.id);
        let written = graph.find(id).and_then(|no| graph.node(no));
        let pointer = written.map_or("/nodes", |node| node.pointer.as_str());
        found.push(Diagnostic::error(code, pointer, Text::new(en, zh)).node(id));
    };
    let writes = &workflow.region(one).writes;
    let others = &workflow.region(other).writes;
    if one < other {
        for field in writes.intersection(others) {
            tell(
                "WRITE_CONFLICT",
                fork,
                format!("Two branches that run at once may both write `{field}`."),
                format!("两条同时执行的分支都可能写入 `{field}`。"),
            );
        }
    }
    for (field, reader) in readers.get(&one).into_iter().flatten() {
        if others.contains(field) && !writes.contains(field) {
            tell(
                "READ_CONFLICT",
                workflow.node(*reader),
                format!("`{field}` is read here while another branch may write it."),
                format!("此处读取的 `{field}` 可能同时被另一条分支写入。"),
            );
        }
    }
}

/// What is read in each region and the forks in it, with one node that does.
fn readers(workflow: &Workflow) -> BTreeMap<RegionIndex, BTreeMap<String, NodeIndex>> {
    let mut readers: BTreeMap<RegionIndex, BTreeMap<String, NodeIndex>> = BTreeMap::new();
    for (index, node) in workflow.nodes() {
        let fields = reads(node);
        // A guard is asked on what the fork was entered with.
        let is_guard = node.silent && matches!(node.kind, Kind::Gateway);
        for region in workflow.around(node.region).skip(usize::from(is_guard)) {
            for field in &fields {
                readers
                    .entry(region)
                    .or_default()
                    .entry(field.clone())
                    .or_insert(index);
            }
        }
    }
    readers
}

/// The fields that a node reads.
pub(super) fn reads(node: &Node) -> BTreeSet<String> {
    let expressions = expressions(node);
    expressions.iter().flat_map(|one| condition::reads(one)).collect()
}

/// The expressions that a node evaluates on the data.
fn expressions(node: &Node) -> Vec<&str> {
    let mut all: Vec<&str> = match &node.exit {
        Exit::Conditions { when, .. } => when
            .iter()
            .flat_map(|(condition, _)| match condition {
                Condition::Data(source) => std::slice::from_ref(source),
                Condition::Travelling { reads, .. } => reads.as_slice(),
            })
            .map(String::as_str)
            .collect(),
        _ => Vec::new(),
    };
    match &node.kind {
        Kind::Effect(effect) => all.push(&effect.expression),
        Kind::Place(place) => all.extend(of_place(place)),
        Kind::Call(call) => match &call.what {
            Called::Service(Service::Http(http)) => {
                all.push(&http.url);
                all.extend(http.headers.iter().map(|(_, value)| value.as_str()));
                all.extend(http.body.as_deref());
            }
            Called::Service(Service::Queue(queue)) => all.extend(queue.body.as_deref()),
            Called::Service(Service::Lambda(_)) => {}
            Called::Message {
                correlation, data, ..
            } => {
                all.extend(correlation.as_deref());
                all.extend(values(data));
            }
            Called::Signal { data, .. } => all.extend(values(data)),
            Called::Escalation(_) | Called::Join(_) | Called::Arrive(_) => {}
        },
        Kind::Step(step) => all.extend(step.reads.iter().map(String::as_str)),
        Kind::Fork(Fork { each: Some(each), .. }) => all.push(&each.collection),
        _ => {}
    }
    all
}

fn of_place(place: &Place) -> Vec<&str> {
    let mut all = Vec::new();
    if let Opens::Call { input, .. } = &place.opens {
        all.extend(values(input));
    }
    for event in &place.events {
        match &event.trigger {
            Trigger::Timer(timer) => match &timer.value {
                TimerValue::Expression(expression) => all.push(expression.as_str()),
                TimerValue::Literal(_) => {}
            },
            Trigger::Message { correlation, .. } => all.extend(correlation.as_deref()),
            Trigger::Signal { .. } | Trigger::Escalation(_) => {}
        }
    }
    all
}

fn values(assignments: &Assignments) -> impl Iterator<Item = &str> {
    assignments.iter().map(|(_, expression)| expression.as_str())
}
