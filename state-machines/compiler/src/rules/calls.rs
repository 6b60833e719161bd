//! `UNKNOWN_WORKFLOW`, `CALLS_ITSELF`: a call activity starts a workflow that is published.

use domain::diagnostic::Severity;

use super::{Findings, Subject, about_node, at, with};
use crate::document::Kind;
use crate::suggest::did_you_mean;

pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for node in &subject.document.nodes {
        let Kind::Call(call) = &node.kind else { continue };
        let called = call.called_element.as_str();
        if called == subject.document.key {
            let mut diagnostic = about_node(
                "CALLS_ITSELF",
                node,
                "The workflow calls itself; something has to keep it from doing so for ever.",
                "该流程调用自身；必须有条件使其不会无限调用。",
            );
            diagnostic.severity = Severity::Warning;
            found.push(at(diagnostic, "calledElement"));
        } else if !subject.catalog.has_workflow(called) {
            let diagnostic = about_node(
                "UNKNOWN_WORKFLOW",
                node,
                format!("There is no published workflow `{called}`."),
                format!("没有已发布的流程 `{called}`。"),
            );
            let suggestion = did_you_mean(called, subject.catalog.workflows());
            found.push(with(at(diagnostic, "calledElement"), suggestion));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::process;

    #[test]
    fn the_workflow_is_published() {
        for (called, expected) in [
            ("payout", None),
            ("payouts", Some("UNKNOWN_WORKFLOW /nodes/2/calledElement (call)")),
            ("expense", Some("CALLS_ITSELF /nodes/2/calledElement (call)")),
        ] {
            process(
                json!({"id": "call", "type": "callActivity", "calledElement": called}),
                &["start > call > end"],
                expected.as_slice(),
            );
        }
    }
}
