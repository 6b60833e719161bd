//! `FLOW_INTO_START`, `FLOW_OUT_OF_END`, `FLOW_INTO_BOUNDARY`, `FLOW_AT_EVENT_SUB_PROCESS`, `FLOW_AT_COMPENSATION`,
//! `FLOW_INTO_LINK`, `FLOW_OUT_OF_LINK`, `NO_OUTGOING_FLOW`, `MANY_OUTGOING_FLOWS`, `DUPLICATE_FLOW`: how many flows a node
//! may have.

use std::collections::BTreeSet;

use domain::text::Text;

use super::{Findings, Subject, about_flow, about_node};
use crate::document::{Event, Kind, Node, Thrown};
use crate::graph::NodeNo;

/// A code, in English and in Chinese.
type Message = (&'static str, &'static str, &'static str);

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        // Only the first of two nodes with one id has flows.
        if subject.graph.find(&node.id) != Some(no) {
            continue;
        }
        if let Some((code, en, zh)) = no_way_in(&node.kind) {
            for edge in subject.graph.incoming(no) {
                found.push(about_flow(code, edge.flow, en, zh));
            }
        }
        match no_way_out(&node.kind) {
            Some((code, en, zh)) => {
                for edge in subject.graph.outgoing(no) {
                    found.push(about_flow(code, edge.flow, en, zh));
                }
            }
            None => ways_out(subject, no, node, found),
        }
    }
    duplicates(subject, found);
}

fn ways_out(subject: &Subject<'_>, no: NodeNo, node: &Node, found: &mut Findings) {
    if matches!(node.kind, Kind::Refused) {
        return;
    }
    if subject.graph.written(no).is_empty() && !subject.is_left_loosely(no) && !subject.may_lack_flows() {
        found.push(about_node(
            "NO_OUTGOING_FLOW",
            node,
            format!("No flow leads out of `{}`.", node.id),
            format!("`{}` 没有出去的连线。", node.id),
        ));
    }
    let may_have_several = match node.kind {
        Kind::User(_) => node.multi_instance.is_none(),
        Kind::Exclusive | Kind::Parallel | Kind::Inclusive | Kind::EventBased => true,
        _ => false,
    };
    if may_have_several {
        return;
    }
    for edge in subject.graph.outgoing(no).iter().skip(1) {
        let diagnostic = about_flow(
            "MANY_OUTGOING_FLOWS",
            edge.flow,
            format!("Only one flow may lead out of `{}`.", node.id),
            format!("`{}` 只能有一条出去的连线。", node.id),
        );
        found.push(diagnostic.suggest(Text::new("Put a gateway behind it.", "请在其后放置网关。")));
    }
}

/// Why no flow may lead into a node.
fn no_way_in(kind: &Kind) -> Option<Message> {
    Some(match kind {
        Kind::Start(_) => (
            "FLOW_INTO_START",
            "No flow may lead into a start.",
            "不能有连线进入开始节点。",
        ),
        Kind::Boundary(_) => (
            "FLOW_INTO_BOUNDARY",
            "No flow may lead into a boundary event; its activity does.",
            "不能有连线进入边界事件；它由所附着的活动触发。",
        ),
        Kind::Catch(Event::Link { .. }) => (
            "FLOW_INTO_LINK",
            "No flow may lead into this end of a link; `intermediateThrowEvent`s of its name do.",
            "不能有连线进入链接的此端；它由同名的 `intermediateThrowEvent` 进入。",
        ),
        kind => return apart(kind),
    })
}

/// Why no flow may lead out of a node.
fn no_way_out(kind: &Kind) -> Option<Message> {
    Some(match kind {
        Kind::End(_) => (
            "FLOW_OUT_OF_END",
            "No flow may lead out of an end.",
            "不能有连线从结束节点离开。",
        ),
        Kind::Throw(Thrown::Link { .. }) => (
            "FLOW_OUT_OF_LINK",
            "No flow may lead out of this end of a link; the `intermediateCatchEvent` of its name follows.",
            "不能有连线从链接的此端离开；其后是同名的 `intermediateCatchEvent`。",
        ),
        Kind::Boundary(boundary) if matches!(boundary.event, Event::Compensation { .. }) => (
            "FLOW_AT_COMPENSATION",
            "A compensation event has a `handler` and no flow.",
            "补偿事件通过 `handler` 指明处理任务，不能有连线。",
        ),
        kind => return apart(kind),
    })
}

/// Why a node has no flows at all.
fn apart(kind: &Kind) -> Option<Message> {
    if kind.is_event_sub_process() {
        return Some((
            "FLOW_AT_EVENT_SUB_PROCESS",
            "An event sub-process has no flows: its event begins it, and the scope around ends with it.",
            "事件子流程没有连线：它由事件触发，并随外层范围结束。",
        ));
    }
    kind.is_handler().then_some((
        "FLOW_AT_COMPENSATION",
        "A task with `isForCompensation` has no flows; compensation calls it.",
        "带 `isForCompensation` 的任务没有连线；它由补偿调用。",
    ))
}

/// Two flows that say the same; flows that differ in outcome or condition are told apart by their rules.
fn duplicates(subject: &Subject<'_>, found: &mut Findings) {
    let mut seen = BTreeSet::new();
    for flow in &subject.document.flows {
        if !seen.insert((&flow.from, &flow.to, &flow.outcome, &flow.when, flow.default)) {
            found.push(about_flow(
                "DUPLICATE_FLOW",
                flow,
                format!(
                    "There is a flow like this from `{}` to `{}` already.",
                    flow.from, flow.to
                ),
                format!("从 `{}` 到 `{}` 已有相同的连线。", flow.from, flow.to),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{check, event_sub, process};

    #[test]
    fn starts_and_ends_have_flows_on_one_side() {
        check(
            &[("/flows/5/to", "\"start\"")],
            &["FLOW_INTO_START /flows/5 (pay)"],
        );
        check(
            &[("/flows/-", r#"{"from": "no", "to": "pay"}"#)],
            &["FLOW_OUT_OF_END /flows/6 (no)"],
        );
    }

    #[test]
    fn services_have_one_way_out() {
        check(
            &[("/flows/-", r#"{"from": "pay", "to": "no"}"#)],
            &["MANY_OUTGOING_FLOWS /flows/6 (pay)"],
        );
        check(
            &[("/flows/5", r#"{"from": "ask", "to": "no", "outcome": "reject"}"#)],
            &[
                "NO_OUTGOING_FLOW /nodes/3 (pay)",
                "DUPLICATE_FLOW /flows/5 (ask)",
                "DUPLICATE_OUTCOME /flows/5/outcome (ask)",
            ],
        );
    }

    #[test]
    fn what_begins_by_itself_has_no_flow_in_and_what_is_called_none_at_all() {
        let task = json!({"id": "ask", "type": "userTask", "assign": [{"starter": "self"}]});
        let late = json!({"id": "late", "type": "boundaryEvent", "attachedTo": "ask", "timer": {"timeDuration": "PT1H"}});
        process(json!([task, late]), &["start > ask > end", "late > end"], &[]);
        process(
            json!([task, late, {"id": "x", "type": "exclusiveGateway"}]),
            &[
                "start > ask > x",
                "x > late {\"when\": \"urgent\"}",
                "x > end {\"default\": true}",
            ],
            &[
                "NO_OUTGOING_FLOW /nodes/3 (late)",
                "FLOW_INTO_BOUNDARY /flows/2 (x)",
            ],
        );
        let stop = event_sub(
            "stop",
            json!({"signal": {"name": "x"}}),
            json!([]),
            &["start-stop > end-stop"],
        );
        process(
            stop,
            &["start > stop > end"],
            &[
                "FLOW_AT_EVENT_SUB_PROCESS /flows/0 (start)",
                "FLOW_AT_EVENT_SUB_PROCESS /flows/1 (stop)",
            ],
        );
        let undo = json!({"id": "undo", "type": "boundaryEvent", "attachedTo": "ask", "compensation": {"handler": "cancel"}});
        let cancel = json!({"id": "cancel", "type": "serviceTask", "lambda": "create-payment", "isForCompensation": true});
        process(json!([task, undo, cancel]), &["start > ask > end"], &[]);
        process(
            json!([task, undo, cancel]),
            &["start > ask > end", "undo > cancel > end"],
            &[
                "FLOW_AT_COMPENSATION /flows/2 (undo)",
                "FLOW_AT_COMPENSATION /flows/2 (undo)",
                "FLOW_AT_COMPENSATION /flows/3 (cancel)",
            ],
        );
    }

    #[test]
    fn a_link_is_entered_and_left_by_its_name() {
        let throw = json!({"id": "to", "type": "intermediateThrowEvent", "link": {"name": "a"}});
        let catch = json!({"id": "from", "type": "intermediateCatchEvent", "link": {"name": "a"}});
        process(json!([throw, catch]), &["start > to", "from > end"], &[]);
        process(
            json!([throw, catch]),
            &["start > to > from > end"],
            &["FLOW_OUT_OF_LINK /flows/1 (to)", "FLOW_INTO_LINK /flows/1 (to)"],
        );
    }

    #[test]
    fn every_kind_has_its_number_of_ways_out() {
        for (kind, extra, many) in [
            ("scriptTask", json!({"script": {"a": "1"}}), true),
            ("receiveTask", json!({"message": {"name": "m"}}), true),
            ("sendTask", json!({"message": {"name": "m"}}), true),
            ("intermediateThrowEvent", json!({}), true),
            ("callActivity", json!({"calledElement": "payout"}), true),
            ("parallelGateway", json!({}), false),
        ] {
            let mut node = json!({"id": "a", "type": kind});
            node.as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            let nodes = json!([node, {"id": "no", "type": "endEvent"}]);
            let expected: &[&str] = if many {
                &["MANY_OUTGOING_FLOWS /flows/2 (a)"]
            } else {
                &[]
            };
            process(nodes.clone(), &["start > a > end", "a > no"], expected);
            process(
                json!([node]),
                &["start > a"],
                &[
                    "NO_WAY_TO_END /nodes/0 (start)",
                    "UNREACHABLE_NODE /nodes/1 (end)",
                    "NO_OUTGOING_FLOW /nodes/2 (a)",
                ],
            );
        }
    }
}
