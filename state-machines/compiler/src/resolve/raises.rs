//! Ways that leave a fork early: an event or error that is heard outside of it, a terminate end.

use std::collections::{BTreeMap, BTreeSet};

use crate::workflow::{Called, Close, Exit, Kind, Node, NodeIndex, Raise, RegionIndex, Workflow};

/// Finds them all, and puts a node that closes what stays open before the target of each.
pub(super) fn close_what_is_left(workflow: &mut Workflow) {
    let mut raises = BTreeMap::new();
    for (region, to) in leaving(workflow) {
        let Some(fork) = outermost(workflow, region, to) else {
            continue;
        };
        let beside = beside(workflow, region, fork);
        let close = Close {
            places: left_open(workflow, &beside),
            services: services(workflow, &beside),
            beside: beside
                .iter()
                .filter_map(|around| around.first().copied())
                .collect(),
            release: None,
        };
        let first = if close.places.is_empty() && close.services.is_empty() {
            to
        } else {
            workflow.nodes.push(Node {
                id: format!("{}:close:{}", workflow.node(to).id, region.0),
                name: None,
                state: None,
                silent: true,
                kind: Kind::Close(Box::new(close)),
                exit: Exit::Always(to),
                of: None,
                iterates: workflow.node(to).iterates,
                of_iteration: None,
                repeats: false,
                since: false,
                region: workflow.node(to).region,
            });
            NodeIndex(workflow.nodes.len() - 1)
        };
        raises.insert((region, to), Raise { fork, first });
    }
    workflow.raises = raises;
}

fn leaving(workflow: &Workflow) -> BTreeSet<(RegionIndex, NodeIndex)> {
    let mut leaving = BTreeSet::new();
    for (_, node) in workflow.nodes() {
        if matches!(node.kind, Kind::Fork(_)) {
            continue;
        }
        let exit = workflow.region(node.region).exit;
        for to in node.targets() {
            if to != exit && workflow.node(to).region != node.region {
                leaving.insert((node.region, to));
            }
        }
    }
    leaving
}

/// The fork that lies directly in the target's region.
fn outermost(workflow: &Workflow, region: RegionIndex, to: NodeIndex) -> Option<NodeIndex> {
    let home = workflow.node(to).region;
    let mut around = workflow.around(region);
    let branch = around.find(|at| workflow.region(*at).parent == Some(home))?;
    workflow.region(branch).fork
}

/// The branches of a fork that run beside a way that leaves it, each with those around it up to that way: the forks that
/// the way itself passed before are over.
fn beside(workflow: &Workflow, region: RegionIndex, fork: NodeIndex) -> Vec<Vec<RegionIndex>> {
    let mut leaving: Vec<RegionIndex> = workflow.around(region).collect();
    let left: Vec<NodeIndex> = leaving
        .iter()
        .filter_map(|at| workflow.region(*at).fork)
        .collect();
    let outermost = left.iter().position(|one| *one == fork).unwrap_or_default();
    // Other iterations walk through the same regions.
    let is_each = |at: &RegionIndex| workflow.region(*at).is_each;
    if let Some(each) = leaving.iter().take(outermost + 1).rposition(is_each) {
        leaving.drain(..=each);
    }
    let is_left = |at: &RegionIndex| {
        let fork = workflow.region(*at).fork;
        left.iter().take(outermost + 1).any(|one| fork == Some(*one))
    };
    let all = workflow.regions().map(|(at, _)| {
        let around = workflow.around(at);
        around.take_while(|at| !leaving.contains(at)).collect()
    });
    all.filter(|around: &Vec<RegionIndex>| around.last().is_some_and(is_left))
        .collect()
}

/// The places that may be open beside the way that leaves, with what their branches may write.
fn left_open(workflow: &Workflow, beside: &[Vec<RegionIndex>]) -> Vec<(String, BTreeSet<String>)> {
    let mut places = Vec::new();
    for (_, node) in workflow.nodes() {
        let around = beside.iter().find(|around| around.first() == Some(&node.region));
        if let (Kind::Place(_), Some(around)) = (&node.kind, around) {
            places.push((node.told_id().to_owned(), fields(workflow, around)));
        }
    }
    places
}

/// The services that may have been called there and will be called again: how often only they know.
fn services(workflow: &Workflow, beside: &[Vec<RegionIndex>]) -> BTreeSet<String> {
    let is_beside = |node: &Node| beside.iter().any(|around| around.first() == Some(&node.region));
    let counted = workflow.nodes.iter().filter(|node| {
        matches!(&node.kind, Kind::Call(call) if matches!(call.what, Called::Service(_) | Called::Message { .. } | Called::Signal { .. } | Called::Escalation(_)))
            && node.is_counted()
            && is_beside(node)
    });
    counted.map(|node| node.id.clone()).collect()
}

/// What stands in the data of a place: nothing of parallel iterations; else all that its branch may write, but for the branches beside it.
fn fields(workflow: &Workflow, beside: &[RegionIndex]) -> BTreeSet<String> {
    let Some((branch, inner)) = beside.split_last() else {
        return BTreeSet::new();
    };
    if beside.iter().any(|at| workflow.region(*at).is_each) {
        return BTreeSet::new();
    }
    let mut fields = workflow.region(*branch).writes.clone();
    for at in inner {
        let Some(fork) = workflow.region(*at).fork else {
            continue;
        };
        for sibling in workflow.branches(fork) {
            if sibling != *at {
                fields.retain(|field| !workflow.region(sibling).writes.contains(field));
            }
        }
    }
    fields
}
