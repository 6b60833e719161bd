//! `Next`, `Default` and their like name a state that is there.

use std::collections::HashSet;

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    let names: HashSet<&str> = document.states.iter().map(|state| state.name).collect();
    for state in &document.states {
        let Some(scope) = document.scope_of(state) else {
            continue;
        };
        for (target, field) in state.targets() {
            if !scope.names.contains_key(target) && !names.contains(target) {
                findings.error(
                    document.at(state, &field),
                    format!("there is no state '{target}'"),
                );
            }
        }
    }
}
