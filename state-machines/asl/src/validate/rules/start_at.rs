//! A scope starts at one of its states.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for scope in &document.scopes {
        if let Some(start) = scope.fields.get("StartAt").and_then(serde_json::Value::as_str)
            && !scope.names.contains_key(start)
        {
            findings.error(
                format!("{}/StartAt", document.scope_pointer(scope)),
                format!("there is no state '{start}' here"),
            );
        }
    }
}
