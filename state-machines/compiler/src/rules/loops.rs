//! `LOOP_WITHOUT_TASK`: nodes that lead to each other with nothing between them that takes time would spin for ever.

use super::uncaught::{Raised, catcher, raised};
use super::{Findings, Subject, about_node, links};
use crate::document::{EndEvent, Event, Kind, Node, Thrown};
use crate::graph::{NodeNo, on_a_cycle};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let graph = &subject.graph;
    let passed = |no| graph.node(no).is_some_and(|node| is_passed(&node.kind));
    let successors: Vec<Vec<NodeNo>> = graph
        .nodes()
        .map(|(no, node)| {
            let mut next = if passed(no) {
                next(subject, no, node)
            } else {
                Vec::new()
            };
            next.retain(|to| passed(*to));
            next
        })
        .collect();
    for ((_, node), spins) in graph.nodes().zip(on_a_cycle(&successors)) {
        if spins && !matches!(node.kind, Kind::Start(_) | Kind::End(_)) {
            found.push(about_node(
                "LOOP_WITHOUT_TASK",
                node,
                format!(
                    "`{}` lies on a loop on which nothing is waited for and no service called.",
                    node.id
                ),
                format!("`{}` 处于一个既不等待也不调用服务的循环中。", node.id),
            ));
        }
    }
}

/// Whether a token leaves it in the moment in which it enters it.
fn is_passed(kind: &Kind) -> bool {
    match kind {
        Kind::Start(_)
        | Kind::Exclusive
        | Kind::Parallel
        | Kind::Inclusive
        | Kind::Script(_)
        | Kind::Rule(_)
        | Kind::Throw(_)
        | Kind::SubProcess { .. }
        | Kind::Catch(Event::Link { .. }) => true,
        Kind::End(end) => !matches!(end.event, Some(EndEvent::Send(_))),
        Kind::Boundary(boundary) => matches!(boundary.event, Event::Error { .. } | Event::Escalation { .. }),
        _ => false,
    }
}

/// Where a token goes, into sub-processes and out of them.
fn next(subject: &Subject<'_>, no: NodeNo, node: &Node) -> Vec<NodeNo> {
    let mut all = match &node.kind {
        Kind::SubProcess { .. } => {
            let inside = subject.graph.within(Some(no));
            let starts = inside.filter(|(_, inner)| matches!(inner.kind, Kind::Start(_)));
            starts.map(|(start, _)| start).collect()
        }
        Kind::End(_) if matches!(raised(&node.kind), Some(Raised::Error(_))) => Vec::new(),
        Kind::End(_) => behind(subject, node.parent),
        Kind::Throw(Thrown::Link { name }) => links::catch(subject, node.parent, name).into_iter().collect(),
        _ => flows(subject, no),
    };
    all.extend(raised(&node.kind).and_then(|raised| catcher(subject, node, raised)));
    all
}

/// What follows a scope that is complete. An event sub-process ends the scope around it.
fn behind(subject: &Subject<'_>, mut scope: Option<NodeNo>) -> Vec<NodeNo> {
    while let Some((no, node)) = scope.and_then(|no| Some((no, subject.graph.node(no)?))) {
        if !node.kind.is_event_sub_process() {
            return flows(subject, no);
        }
        scope = node.parent;
    }
    Vec::new()
}

fn flows(subject: &Subject<'_>, no: NodeNo) -> Vec<NodeNo> {
    subject.graph.outgoing(no).iter().map(|edge| edge.node).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{check, process, sub};

    #[test]
    fn a_loop_has_a_task_in_it() {
        check(
            &[
                ("/nodes/-", r#"{"id": "again", "type": "exclusiveGateway"}"#),
                ("/flows/4/to", "\"again\""),
                (
                    "/flows/-",
                    r#"{"from": "again", "to": "size", "when": "amount > 9"}"#,
                ),
                ("/flows/-", r#"{"from": "again", "to": "end", "default": true}"#),
            ],
            &[
                "LOOP_WITHOUT_TASK /nodes/2 (size)",
                "LOOP_WITHOUT_TASK /nodes/6 (again)",
            ],
        );
    }

    #[test]
    fn sub_processes_are_looked_into() {
        let gateway = json!({"id": "g", "type": "exclusiveGateway"});
        let flows = [
            "start > s > g > end {\"default\": true}",
            "g > s {\"when\": \"urgent\"}",
        ];
        let around = |inner: Value, flows: &[&str]| sub("s", inner, flows);
        let script = json!({"id": "x", "type": "scriptTask", "script": {"a": "1"}});
        process(
            json!([around(script, &["start-s > x > end-s"]), gateway]),
            &flows,
            &[
                "LOOP_WITHOUT_TASK /nodes/2 (s)",
                "LOOP_WITHOUT_TASK /nodes/2/nodes/2 (x)",
                "LOOP_WITHOUT_TASK /nodes/3 (g)",
            ],
        );
        for inner in [
            json!({"id": "x", "type": "serviceTask", "lambda": "create-payment"}),
            json!({"id": "x", "type": "receiveTask", "message": {"name": "m"}}),
            json!({"id": "x", "type": "callActivity", "calledElement": "payout"}),
            json!({"id": "x", "type": "intermediateThrowEvent", "message": {"name": "m"}}),
        ] {
            process(
                json!([around(inner, &["start-s > x > end-s"]), gateway]),
                &flows,
                &[],
            );
        }
    }

    #[test]
    fn errors_and_links_are_ways() {
        let fail = json!({"id": "fail", "type": "endEvent", "error": {"code": "A"}});
        let mut failing = sub(
            "s",
            fail,
            &[
                "start-s > g > end-s {\"default\": true}",
                "g > fail {\"when\": \"urgent\"}",
            ],
        );
        failing["nodes"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": "g", "type": "exclusiveGateway"}));
        process(
            json!([failing, {"id": "again", "type": "boundaryEvent", "attachedTo": "s", "error": {}}]),
            &["start > s > end", "again > s"],
            &[
                "LOOP_WITHOUT_TASK /nodes/2 (s)",
                "LOOP_WITHOUT_TASK /nodes/2/nodes/3 (g)",
                "LOOP_WITHOUT_TASK /nodes/3 (again)",
            ],
        );
        process(
            json!([
                {"id": "to", "type": "intermediateThrowEvent", "link": {"name": "a"}},
                {"id": "from", "type": "intermediateCatchEvent", "link": {"name": "a"}},
                {"id": "g", "type": "exclusiveGateway"},
            ]),
            &[
                "start > g > end {\"default\": true}",
                "g > to {\"when\": \"urgent\"}",
                "from > g",
            ],
            &[
                "LOOP_WITHOUT_TASK /nodes/2 (to)",
                "LOOP_WITHOUT_TASK /nodes/3 (from)",
                "LOOP_WITHOUT_TASK /nodes/4 (g)",
            ],
        );
    }
}
