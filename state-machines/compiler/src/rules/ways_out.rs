//! `FLOW_INTO_START`, `FLOW_OUT_OF_END`, `NO_OUTGOING_FLOW`, `MANY_OUTGOING_FLOWS`, `DUPLICATE_FLOW`: how many
//! flows a node may have.

use std::collections::BTreeSet;

use super::{Findings, Subject, about_flow, about_node};
use crate::document::Kind;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for (no, node) in subject.graph.nodes() {
        // Only the first of two nodes with one id has flows.
        if subject.graph.find(&node.id) != Some(no) {
            continue;
        }
        let outgoing = subject.graph.outgoing(no);
        match &node.kind {
            Kind::Start(_) => {
                for edge in subject.graph.incoming(no) {
                    found.push(about_flow(
                        "FLOW_INTO_START",
                        edge.flow,
                        "No flow may lead into a start.",
                        "不能有连线进入开始节点。",
                    ));
                }
            }
            Kind::End(_) => {
                for edge in outgoing {
                    found.push(about_flow(
                        "FLOW_OUT_OF_END",
                        edge.flow,
                        "No flow may lead out of an end.",
                        "不能有连线从结束节点离开。",
                    ));
                }
                continue;
            }
            Kind::User(_) | Kind::Service(_) | Kind::Exclusive => {}
            _ => continue,
        }
        if subject.graph.written(no).is_empty() && !subject.is_left_loosely(no) && !subject.may_lack_flows() {
            found.push(about_node(
                "NO_OUTGOING_FLOW",
                node,
                format!("No flow leads out of `{}`.", node.id),
                format!("`{}` 没有出去的连线。", node.id),
            ));
        }
        if matches!(node.kind, Kind::Start(_) | Kind::Service(_)) {
            for edge in outgoing.iter().skip(1) {
                found.push(about_flow(
                    "MANY_OUTGOING_FLOWS",
                    edge.flow,
                    format!(
                        "Only one flow may lead out of `{}`; put a gateway behind it.",
                        node.id
                    ),
                    format!("`{}` 只能有一条出去的连线；请在其后放置网关。", node.id),
                ));
            }
        }
    }
    duplicates(subject, found);
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
    use crate::rules::testing::check;

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
}
