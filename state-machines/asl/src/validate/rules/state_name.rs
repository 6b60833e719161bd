//! Names of states are unique in the whole machine and have at most 80 characters.

use std::collections::HashSet;

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for state in &document.states {
        if !seen.insert(state.name) {
            findings.error(
                document.pointer(state),
                format!("there is another state '{}'", state.name),
            );
        }
        if state.name.len() > 80 && state.name.chars().count() > 80 {
            findings.error(document.pointer(state), "the name has more than 80 characters");
        }
        if state.name.is_empty() {
            findings.error(document.pointer(state), "the name is empty");
        }
    }
}
