//! A branch or iteration assigns no variable of a scope around it.

use std::collections::HashSet;

use super::variable_name::assigned;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    let names = by_scope(document);
    for state in &document.states {
        for (name, field) in assigned(state) {
            let name = plain(name);
            let mut outer = document
                .scopes
                .get(state.scope)
                .filter(|scope| !scope.distributed)
                .and_then(|scope| scope.outer);
            while let Some(index) = outer {
                if names.get(index).is_some_and(|names| names.contains(name)) {
                    findings.error(
                        document.at(state, &field),
                        format!("the variable '{name}' belongs to an outer scope"),
                    );
                    break;
                }
                outer = document
                    .scopes
                    .get(index)
                    .filter(|scope| !scope.distributed)
                    .and_then(|scope| scope.outer);
            }
        }
    }
}

/// In JSONPath a name may end in `.$`.
pub(super) fn plain(name: &str) -> &str {
    name.strip_suffix(".$").unwrap_or(name)
}

/// The variables that each scope assigns.
pub(super) fn by_scope<'a>(document: &Document<'a>) -> Vec<HashSet<&'a str>> {
    let mut names = vec![HashSet::new(); document.scopes.len()];
    for state in &document.states {
        if let Some(names) = names.get_mut(state.scope) {
            names.extend(assigned(state).into_iter().map(|(name, _)| plain(name)));
        }
    }
    names
}
