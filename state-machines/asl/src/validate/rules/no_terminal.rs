//! Every scope has a state that ends it.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for (index, scope) in document.scopes.iter().enumerate() {
        let mut states = document
            .states
            .iter()
            .filter(|state| state.scope == index)
            .peekable();
        if states.peek().is_none() {
            continue;
        }
        let ends = states.any(|state| {
            matches!(state.kind, Some(StateType::Succeed | StateType::Fail) | None)
                || state.fields.get("End") == Some(&serde_json::Value::Bool(true))
        });
        if !ends {
            findings.error(
                format!("{}/States", document.scope_pointer(scope)),
                "no state ends this scope",
            );
        }
    }
}
