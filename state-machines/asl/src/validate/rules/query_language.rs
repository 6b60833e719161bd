//! A state of a JSONata machine cannot go back to JSONPath, and there are two languages.

use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    let known = |value: &serde_json::Value| matches!(value.as_str(), Some("JSONPath" | "JSONata"));
    if document
        .fields
        .get("QueryLanguage")
        .is_some_and(|value| !known(value))
    {
        findings.error("/QueryLanguage", "the query language is JSONPath or JSONata");
    }
    for state in &document.states {
        let Some(value) = state.fields.get("QueryLanguage") else {
            continue;
        };
        if !known(value) {
            findings.error(
                document.at(state, "QueryLanguage"),
                "the query language is JSONPath or JSONata",
            );
        } else if document.language == QueryLanguage::JSONata && state.language == QueryLanguage::JSONPath {
            let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            findings.error(document.pointer(state), message);
        }
    }
}
