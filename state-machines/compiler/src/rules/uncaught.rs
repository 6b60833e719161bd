//! `ERROR_NOT_CAUGHT`, `ESCALATION_NOT_CAUGHT`: somebody cares about what is thrown.

use domain::diagnostic::Severity;

use super::{Findings, Subject, about_node, at};
use crate::document::{EndEvent, Event, Kind, Node, Thrown};
use crate::graph::NodeNo;

/// What is raised, with its code.
#[derive(Clone, Copy)]
pub(super) enum Raised<'d> {
    Error(&'d str),
    Escalation(&'d str),
}

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Some(raised) = raised(&node.kind) else {
            continue;
        };
        if catcher(subject, node, raised).is_some() {
            continue;
        }
        let (attribute, mut diagnostic) = match raised {
            Raised::Error(code) => (
                "error",
                about_node(
                    "ERROR_NOT_CAUGHT",
                    node,
                    format!("Nobody catches the error `{code}`: the instance stands still with an incident."),
                    format!("没有人捕获错误 `{code}`：实例将停在异常状态。"),
                ),
            ),
            Raised::Escalation(code) => (
                "escalation",
                about_node(
                    "ESCALATION_NOT_CAUGHT",
                    node,
                    format!("Nobody catches the escalation `{code}`: nothing happens."),
                    format!("没有人捕获升级 `{code}`：不会发生任何事。"),
                ),
            ),
        };
        diagnostic.severity = Severity::Warning;
        found.push(at(at(diagnostic, attribute), "code"));
    }
}

pub(super) fn raised(kind: &Kind) -> Option<Raised<'_>> {
    match kind {
        Kind::End(end) => match end.event.as_ref()? {
            EndEvent::Error { code } => Some(Raised::Error(code)),
            EndEvent::Escalation { code } => Some(Raised::Escalation(code)),
            _ => None,
        },
        Kind::Throw(Thrown::Escalation { code }) => Some(Raised::Escalation(code)),
        _ => None,
    }
}

/// The boundary event or event sub-process that gets what a node raises.
pub(super) fn catcher(subject: &Subject<'_>, node: &Node, raised: Raised<'_>) -> Option<NodeNo> {
    let mut scope = node.parent;
    // An event sub-process that interrupted its scope is the last that the scope had.
    let mut others_listen = true;
    let mut from = None;
    loop {
        if others_listen {
            let beside = subject
                .graph
                .within(scope)
                .filter(|(no, sub_process)| Some(*no) != from && sub_process.kind.is_event_sub_process());
            let events = beside.flat_map(|(no, _)| starts(subject, no).map(move |(event, _)| (no, event)));
            if let Some(catcher) = best(events, raised) {
                return Some(catcher);
            }
        }
        let no = scope?;
        let sub_process = subject.graph.node(no)?;
        let boundaries = subject
            .graph
            .boundaries(no)
            .map(|(no, boundary)| (no, &boundary.event));
        if let Some(catcher) = best(boundaries, raised) {
            return Some(catcher);
        }
        others_listen = !starts(subject, no).any(|(_, interrupting)| interrupting);
        from = Some(no);
        scope = sub_process.parent;
    }
}

/// The events that an event sub-process waits for, and whether they interrupt.
fn starts<'d>(subject: &Subject<'d>, scope: NodeNo) -> impl Iterator<Item = (&'d Event, bool)> {
    let nodes = subject.graph.within(Some(scope));
    nodes.filter_map(|(_, node)| match &node.kind {
        Kind::Start(Some(start)) => Some((&start.event, start.interrupting)),
        _ => None,
    })
}

/// One that names the code goes before one that catches all.
fn best<'d>(events: impl Iterator<Item = (NodeNo, &'d Event)>, raised: Raised<'_>) -> Option<NodeNo> {
    let mut any = None;
    for (no, event) in events {
        let (code, wanted) = match (event, raised) {
            (Event::Error { code }, Raised::Error(raised)) => (code, raised),
            (Event::Escalation { code }, Raised::Escalation(raised)) => (code, raised),
            _ => continue,
        };
        match code {
            Some(code) if code == wanted => return Some(no),
            Some(_) => {}
            None => any = any.or(Some(no)),
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{event_sub, process, sub};

    fn failing(event: &str) -> Value {
        let end = json!({"id": "fail", "type": "endEvent", event: {"code": "A"}});
        let mut sub = sub(
            "s",
            end,
            &[
                "start-s > g > end-s {\"default\": true}",
                "g > fail {\"when\": \"urgent\"}",
            ],
        );
        sub["nodes"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": "g", "type": "exclusiveGateway"}));
        sub
    }

    #[test]
    fn somebody_catches_what_is_thrown() {
        for (event, code) in [
            ("error", "ERROR_NOT_CAUGHT"),
            ("escalation", "ESCALATION_NOT_CAUGHT"),
        ] {
            let told = format!("{code} /nodes/2/nodes/2/{event}/code (fail)");
            for (caught, is_caught) in [
                (json!({"code": "A"}), true),
                (json!({}), true),
                (json!({"code": "B"}), false),
            ] {
                let expected: &[&str] = if is_caught { &[] } else { &[&told] };
                process(
                    json!([failing(event), {"id": "b", "type": "boundaryEvent", "attachedTo": "s", event: caught}]),
                    &["start > s > end", "b > end"],
                    expected,
                );
                process(
                    json!([
                        failing(event),
                        event_sub("e", json!({event: caught}), json!([]), &["start-e > end-e"])
                    ]),
                    &["start > s > end"],
                    expected,
                );
            }
            process(failing(event), &["start > s > end"], &[&told]);
        }
    }

    #[test]
    fn what_an_event_sub_process_throws_is_not_for_itself() {
        let fail = json!({"id": "fail", "type": "endEvent", "error": {"code": "A"}});
        process(
            event_sub("e", json!({"error": {}}), fail, &["start-e > fail"]),
            &["start > end"],
            &[
                "UNREACHABLE_NODE /nodes/2/nodes/1 (end-e)",
                "ERROR_NOT_CAUGHT /nodes/2/nodes/2/error/code (fail)",
            ],
        );
    }
}
