//! A Parallel state has branches, and each is a scope.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in document
        .states
        .iter()
        .filter(|state| state.kind == Some(StateType::Parallel))
    {
        let Some(branches) = state.fields.get("Branches").and_then(serde_json::Value::as_array) else {
            continue;
        };
        if branches.is_empty() {
            findings.error(document.at(state, "Branches"), "there is no branch");
        }
        for (index, _) in branches
            .iter()
            .enumerate()
            .filter(|(_, branch)| !branch.is_object())
        {
            findings.error(
                document.at(state, &format!("Branches/{index}")),
                "a branch is an object",
            );
        }
    }
}
