//! A task's resource is an ARN that Step Functions knows how to call.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        let Some(resource) = state.text("Resource") else {
            continue;
        };
        if state.kind != Some(StateType::Task) {
            continue;
        }
        if resource.is_empty() {
            findings.error(document.at(state, "Resource"), "the resource is empty");
        } else if !resource.contains(':') && !resource.contains("${") {
            findings.warning(document.at(state, "Resource"), "the resource is not an ARN");
        }
        if let Some(suffix) = suffix(resource)
            && !matches!(suffix, "sync" | "sync:2" | "waitForTaskToken")
        {
            findings.error(
                document.at(state, "Resource"),
                format!("there is no integration pattern '.{suffix}'"),
            );
        }
    }
}

/// What follows the point in the action of a service integration.
fn suffix(resource: &str) -> Option<&str> {
    let action = resource.split(":states:::").nth(1)?;
    action.split_once('.').map(|(_, suffix)| suffix)
}
