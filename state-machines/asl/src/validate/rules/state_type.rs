//! `Type` is one of eight.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        if let Some(found) = state.fields.get("Type").filter(|_| state.kind.is_none()) {
            findings.error(
                document.at(state, "Type"),
                format!("{found} is not a type of state"),
            );
        }
    }
}
