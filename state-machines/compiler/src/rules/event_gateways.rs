//! `EVENT_GATEWAY_TARGET`, `EVENT_GATEWAY_WITHOUT_CHOICE`: a gateway of events waits for several, each behind a flow of its
//! own.

use domain::diagnostic::Diagnostic;

use super::{Findings, Subject, about_flow, about_node};
use crate::document::{Event, Flow, Kind, Node};
use crate::graph::NodeNo;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        if !matches!(node.kind, Kind::EventBased) || subject.graph.find(&node.id) != Some(no) {
            continue;
        }
        let flows = subject.graph.written(no);
        if flows.len() == 1 && !subject.is_left_loosely(no) && !subject.may_lack_flows() {
            found.push(about_node(
                "EVENT_GATEWAY_WITHOUT_CHOICE",
                node,
                format!("`{}` waits for one event only; it needs no gateway.", node.id),
                format!("`{}` 只等待一个事件，不需要网关。", node.id),
            ));
        }
        for edge in subject.graph.outgoing(no) {
            let target = subject.graph.node(edge.node);
            let wrong = target.and_then(|target| wrong(subject, edge.flow, edge.node, target));
            wrong.into_iter().for_each(|diagnostic| found.push(diagnostic));
        }
    }
}

fn wrong(subject: &Subject<'_>, flow: &Flow, no: NodeNo, target: &Node) -> Option<Diagnostic> {
    let id = &target.id;
    let is_event = match &target.kind {
        Kind::Refused | Kind::Catch(Event::None) => return None,
        Kind::Catch(event) => matches!(event, Event::Timer(_) | Event::Message(_) | Event::Signal { .. }),
        _ => false,
    };
    let (en, zh) = if !is_event {
        (
            format!("`{id}` waits for no timer, message or signal."),
            format!("`{id}` 不等待定时器、消息或信号。"),
        )
    } else if subject.graph.incoming(no).len() > 1 {
        (
            format!("`{id}` is waited for here, so no other flow may lead to it."),
            format!("`{id}` 由此网关等待，不能有其他连线进入。"),
        )
    } else if target.multi_instance.is_some() || subject.graph.boundaries(no).next().is_some() {
        (
            format!(
                "`{id}` is over as soon as it is entered here: it has no `multiInstance` and no boundary events."
            ),
            format!("`{id}` 在此进入即完成，不能有 `multiInstance` 或边界事件。"),
        )
    } else {
        return None;
    };
    Some(about_flow("EVENT_GATEWAY_TARGET", flow, en, zh))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::process;

    /// A gateway of a timer and of `other`.
    fn check(other: Value, flows: &[&str], expected: &[&str]) {
        let mut nodes = vec![
            json!({"id": "g", "type": "eventBasedGateway"}),
            json!({"id": "late", "type": "intermediateCatchEvent", "timer": {"timeDuration": "PT1H"}}),
        ];
        match other {
            Value::Array(list) => nodes.extend(list),
            node => nodes.push(node),
        }
        let flows: Vec<&str> = ["start > g > late > end"].iter().chain(flows).copied().collect();
        process(nodes.into(), &flows, expected);
    }

    #[test]
    fn events_stand_behind_it() {
        let paid = json!({"id": "paid", "type": "receiveTask", "message": {"name": "paid"}});
        check(paid.clone(), &["g > paid > end"], &[]);
        check(json!([]), &[], &["EVENT_GATEWAY_WITHOUT_CHOICE /nodes/2 (g)"]);
        check(
            json!({"id": "ask", "type": "userTask", "assign": [{"starter": "self"}]}),
            &["g > ask > end"],
            &["EVENT_GATEWAY_TARGET /flows/3 (g)"],
        );
        check(
            json!([paid, {"id": "x", "type": "eventBasedGateway"}]),
            &["g > x > paid > end", "x > late"],
            &[
                "EVENT_GATEWAY_TARGET /flows/1 (g)",
                "EVENT_GATEWAY_TARGET /flows/3 (g)",
                "EVENT_GATEWAY_TARGET /flows/6 (x)",
            ],
        );
        let mut many = paid.clone();
        many["multiInstance"] = json!({"collection": "items"});
        check(many, &["g > paid > end"], &["EVENT_GATEWAY_TARGET /flows/3 (g)"]);
        let stop =
            json!({"id": "stop", "type": "boundaryEvent", "attachedTo": "paid", "signal": {"name": "stop"}});
        check(
            json!([paid, stop]),
            &["g > paid > end", "stop > end"],
            &["EVENT_GATEWAY_TARGET /flows/3 (g)"],
        );
    }
}
