//! A scope has states.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for scope in &document.scopes {
        if scope
            .fields
            .get("States")
            .and_then(serde_json::Value::as_object)
            .is_some_and(serde_json::Map::is_empty)
        {
            findings.error(
                format!("{}/States", document.scope_pointer(scope)),
                "there is no state",
            );
        }
    }
}
