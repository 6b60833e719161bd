//! `NO_END`, `STATUS_IN_SUB_PROCESS`: the process and each sub-process have to be able to end; only the process ends with
//! a status.

use domain::text::Text;

use super::{Findings, Subject, about_node, about_scope, at};
use crate::document::Kind;
use crate::node::EndStatus;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for scope in subject.scopes() {
        let mut nodes = subject.nodes_in(scope);
        let ends = nodes.any(|(_, node)| matches!(node.kind, Kind::End(_) | Kind::Refused));
        if !ends && !subject.document.is_partial {
            found.push(about_scope(
                "NO_END",
                scope,
                "There is no `endEvent`.",
                "没有 `endEvent`。",
            ));
        }
    }
    for node in &subject.document.nodes {
        let Kind::End(end) = &node.kind else { continue };
        if node.parent.is_some() && end.status != EndStatus::Completed {
            let diagnostic = about_node(
                "STATUS_IN_SUB_PROCESS",
                node,
                "A sub-process ends without a status; only the process has one.",
                "子流程结束时没有状态；只有流程本身有状态。",
            );
            found.push(at(diagnostic, "status").suggest(Text::new(
                "Set a variable, and choose by it behind the sub-process.",
                "请设置变量，并在子流程之后据此选择。",
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{check, process, sub};

    #[test]
    fn there_is_an_end() {
        check(
            &[
                ("/nodes", r#"[{"id": "start", "type": "startEvent"}]"#),
                ("/flows", "[]"),
            ],
            &["NO_END /nodes", "NO_OUTGOING_FLOW /nodes/0 (start)"],
        );
    }

    #[test]
    fn only_the_process_ends_with_a_status() {
        process(
            sub(
                "s",
                json!({"id": "no", "type": "endEvent", "status": "rejected"}),
                &["start-s > no"],
            ),
            &["start > s > end"],
            &[
                "UNREACHABLE_NODE /nodes/2/nodes/1 (end-s)",
                "STATUS_IN_SUB_PROCESS /nodes/2/nodes/2/status (no)",
            ],
        );
    }
}
