//! A state that goes on says where or that it is the last, and not both.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        use StateType as T;
        let goes_on = matches!(
            state.kind,
            Some(T::Pass | T::Task | T::Wait | T::Parallel | T::Map)
        );
        let next = state.fields.contains_key("Next");
        let end = state.fields.get("End") == Some(&serde_json::Value::Bool(true));
        match (goes_on, next, end) {
            (true, false, false) => {
                findings.error(document.pointer(state), "either Next or End: true is required")
            }
            (true, true, true) => findings.error(document.pointer(state), "Next and End exclude each other"),
            _ => {}
        }
    }
}
