//! `LOOP_WITHOUT_TASK`: gateways that lead to each other with nothing between them would spin for ever, since
//! no condition changes on the way.

use super::{Findings, Subject, about_node};
use crate::document::Kind;
use crate::graph::on_a_cycle;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let graph = &subject.graph;
    let gateway = |no| {
        graph
            .node(no)
            .is_some_and(|node| matches!(node.kind, Kind::Exclusive))
    };
    let mut successors = graph.successors();
    for (no, list) in successors.iter_mut().enumerate() {
        list.retain(|to| gateway(no) && gateway(*to));
    }
    for ((_, node), spins) in graph.nodes().zip(on_a_cycle(&successors)) {
        if spins {
            found.push(about_node(
                "LOOP_WITHOUT_TASK",
                node,
                format!("`{}` lies on a loop of gateways without any task.", node.id),
                format!("`{}` 处于没有任何任务的网关循环中。", node.id),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::check;

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
}
