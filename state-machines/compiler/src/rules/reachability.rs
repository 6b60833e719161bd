//! `UNREACHABLE_NODE`, `NO_WAY_TO_END`: every node lies on a way from the start of its scope to an end of it.

use super::{Findings, Subject, about_node, links};
use crate::document::{Event, Kind, Node, Thrown};
use crate::graph::{NodeNo, reachable};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let graph = &subject.graph;
    if subject.document.is_partial {
        return;
    }
    let (started, ended) = (scopes_with(subject, is_start), scopes_with(subject, is_end));
    let all = |wanted: &dyn Fn(NodeNo, &Node) -> bool| -> Vec<NodeNo> {
        let nodes = graph.nodes().filter(|(no, node)| wanted(*no, node));
        nodes.map(|(no, _)| no).collect()
    };
    let starts = all(&|no, node| {
        is_start(&node.kind)
            || subject.is_entered_loosely(no)
            || node.kind.is_event_sub_process()
            || !has(&started, node.parent)
            || attached_to_nothing(subject, node)
    });
    let ends = all(&|no, node| {
        let leads_nowhere =
            matches!(&node.kind, Kind::Throw(Thrown::Link { .. })) && link(subject, no).is_none();
        is_end(&node.kind) || subject.is_left_loosely(no) || !has(&ended, node.parent) || leads_nowhere
    });
    let from_start = reachable(&with(graph.successors(), &implied(subject, false)), starts);
    let back = implied(subject, true).into_iter().map(|(from, to)| (to, from));
    let to_end = reachable(&with(graph.predecessors(), &back.collect::<Vec<_>>()), ends);
    for (((no, node), reached), leaves) in graph.nodes().zip(from_start).zip(to_end) {
        if graph.find(&node.id) != Some(no) {
            continue;
        }
        if !reached {
            found.push(about_node(
                "UNREACHABLE_NODE",
                node,
                format!("No way leads from the start to `{}`.", node.id),
                format!("从开始节点无法到达 `{}`。", node.id),
            ));
        }
        // A node without any flow is told by another rule.
        if !leaves && !graph.written(no).is_empty() {
            found.push(about_node(
                "NO_WAY_TO_END",
                node,
                format!("No way leads from `{}` to an end.", node.id),
                format!("从 `{}` 无法到达结束节点。", node.id),
            ));
        }
    }
}

/// Refused nodes may begin and end things by themselves.
fn is_start(kind: &Kind) -> bool {
    matches!(kind, Kind::Start(_) | Kind::Refused)
}

fn is_end(kind: &Kind) -> bool {
    matches!(kind, Kind::End(_) | Kind::Refused)
}

/// The scopes in which there is such a node; the process stands last.
fn scopes_with(subject: &Subject<'_>, wanted: fn(&Kind) -> bool) -> Vec<bool> {
    let mut scopes = vec![false; subject.document.nodes.len() + 1];
    for (_, node) in subject.graph.nodes().filter(|(_, node)| wanted(&node.kind)) {
        let place = node.parent.unwrap_or(subject.document.nodes.len());
        if let Some(scope) = scopes.get_mut(place) {
            *scope = true;
        }
    }
    scopes
}

fn has(scopes: &[bool], scope: Option<NodeNo>) -> bool {
    scope.map_or(scopes.last(), |no| scopes.get(no)) == Some(&true)
}

/// Told by another rule.
fn attached_to_nothing(subject: &Subject<'_>, node: &Node) -> bool {
    matches!(&node.kind, Kind::Boundary(boundary) if subject.graph.find(&boundary.attached_to).is_none())
}

/// Where a token goes without a flow. With `instead`, only where it leaves what it was on.
fn implied(subject: &Subject<'_>, instead: bool) -> Vec<(NodeNo, NodeNo)> {
    let mut ways = Vec::new();
    for (no, node) in subject.graph.nodes() {
        match &node.kind {
            Kind::Boundary(boundary) => {
                let activity = subject.graph.find(&boundary.attached_to);
                let leaves = boundary.interrupting && !matches!(boundary.event, Event::Compensation { .. });
                if leaves || !instead {
                    ways.extend(activity.map(|activity| (activity, no)));
                }
                if let Event::Compensation { handler } = &boundary.event {
                    let handler = subject.graph.find(handler).filter(|_| !instead);
                    ways.extend(handler.map(|handler| (no, handler)));
                }
            }
            Kind::Throw(Thrown::Link { .. }) => {
                ways.extend(link(subject, no).map(|catch| (no, catch)));
            }
            _ => {}
        }
    }
    ways
}

fn link(subject: &Subject<'_>, throw: NodeNo) -> Option<NodeNo> {
    let node = subject.graph.node(throw)?;
    match &node.kind {
        Kind::Throw(Thrown::Link { name }) => links::catch(subject, node.parent, name),
        _ => None,
    }
}

fn with(mut edges: Vec<Vec<NodeNo>>, more: &[(NodeNo, NodeNo)]) -> Vec<Vec<NodeNo>> {
    for (from, to) in more {
        if let Some(list) = edges.get_mut(*from) {
            list.push(*to);
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{check, process, sub};

    #[test]
    fn every_node_is_reached_and_left() {
        check(
            &[
                (
                    "/nodes/-",
                    r#"{"id": "lost", "type": "serviceTask", "lambda": "create-payment"}"#,
                ),
                ("/flows/-", r#"{"from": "lost", "to": "end"}"#),
            ],
            &["UNREACHABLE_NODE /nodes/6 (lost)"],
        );
        check(
            &[
                (
                    "/nodes/-",
                    r#"{"id": "pay2", "type": "serviceTask", "lambda": "create-payment"}"#,
                ),
                ("/flows/5/to", "\"pay2\""),
                ("/flows/-", r#"{"from": "pay2", "to": "pay"}"#),
            ],
            &["NO_WAY_TO_END /nodes/3 (pay)", "NO_WAY_TO_END /nodes/6 (pay2)"],
        );
    }

    #[test]
    fn loops_with_a_way_out_are_sound() {
        check(&[("/flows/5/to", "\"ask\"")], &[]);
        check(&[("/flows/2/to", "\"ask\""), ("/flows/5/to", "\"no\"")], &[]);
    }

    #[test]
    fn each_scope_is_a_whole() {
        let lost = json!({"id": "lost", "type": "exclusiveGateway"});
        process(
            sub("s", lost, &["start-s > end-s", "lost > end-s"]),
            &["start > s > end"],
            &["UNREACHABLE_NODE /nodes/2/nodes/2 (lost)"],
        );
        // What is in an unreachable sub-process is not told once more.
        process(
            sub("s", json!([]), &["start-s > end-s"]),
            &["start > end", "s > end"],
            &["UNREACHABLE_NODE /nodes/2 (s)"],
        );
    }

    #[test]
    fn events_are_ways() {
        let ask = json!({"id": "ask", "type": "userTask", "assign": [{"starter": "self"}]});
        let late = json!({"id": "late", "type": "boundaryEvent", "attachedTo": "ask", "timer": {"timeDuration": "PT1H"}});
        process(json!([ask, late]), &["start > ask > ask", "late > end"], &[]);
        let mut remind = late;
        remind["interrupting"] = false.into();
        process(
            json!([ask, remind]),
            &["start > ask > ask", "late > end"],
            &["NO_WAY_TO_END /nodes/0 (start)", "NO_WAY_TO_END /nodes/2 (ask)"],
        );
        let catch = json!({"id": "from", "type": "intermediateCatchEvent", "link": {"name": "a"}});
        process(
            catch,
            &["start > end", "from > end"],
            &["UNREACHABLE_NODE /nodes/2 (from)"],
        );
    }
}
