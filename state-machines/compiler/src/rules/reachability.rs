//! `UNREACHABLE_NODE`, `NO_WAY_TO_END`: every node lies on a way from the start to an end.

use super::{Findings, Subject, about_node};
use crate::document::Kind;
use crate::graph::{NodeNo, reachable};

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let graph = &subject.graph;
    if subject.document.is_partial {
        return;
    }
    let all = |wanted: fn(&Kind) -> bool| -> Vec<NodeNo> {
        graph
            .nodes()
            .filter(|(_, node)| wanted(&node.kind))
            .map(|(no, _)| no)
            .collect()
    };
    // Refused nodes may begin and end things by themselves (boundary events, links). A flow of which one end is
    // unknown may come from, or lead to, anywhere.
    let mut starts = all(|kind| matches!(kind, Kind::Start(_) | Kind::Refused));
    let mut ends = all(|kind| matches!(kind, Kind::End(_) | Kind::Refused));
    let (has_start, has_end) = (!starts.is_empty(), !ends.is_empty());
    starts.extend(
        graph
            .nodes()
            .map(|(no, _)| no)
            .filter(|no| subject.is_entered_loosely(*no)),
    );
    ends.extend(
        graph
            .nodes()
            .map(|(no, _)| no)
            .filter(|no| subject.is_left_loosely(*no)),
    );
    let from_start = reachable(&graph.successors(), starts);
    let to_end = reachable(&graph.predecessors(), ends);
    for (((no, node), reached), leaves) in graph.nodes().zip(from_start).zip(to_end) {
        if graph.find(&node.id) != Some(no) {
            continue;
        }
        if has_start && !reached {
            found.push(about_node(
                "UNREACHABLE_NODE",
                node,
                format!("No way leads from the start to `{}`.", node.id),
                format!("从开始节点无法到达 `{}`。", node.id),
            ));
        }
        // A node without any flow is told by another rule.
        if has_end && !leaves && !graph.written(no).is_empty() {
            found.push(about_node(
                "NO_WAY_TO_END",
                node,
                format!("No way leads from `{}` to an end.", node.id),
                format!("从 `{}` 无法到达结束节点。", node.id),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

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
}
