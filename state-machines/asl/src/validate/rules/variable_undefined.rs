//! A variable that is read is assigned somewhere in its scope or around it.

use std::collections::HashSet;

use super::variable_scope::by_scope;
use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    let names = by_scope(document);
    for query in document.queries() {
        let Some(state) = document.states.get(query.state) else {
            continue;
        };
        for name in query.variables() {
            let own = name == "states" || (state.language == QueryLanguage::JSONata && is_function(name));
            if own || is_assigned(document, &names, state.scope, name) {
                continue;
            }
            // AWS accepts the definition and fails the execution.
            findings.warning(
                document.at(state, &query.field),
                format!("nothing assigns the variable '{name}'"),
            );
        }
    }
}

fn is_assigned(document: &Document<'_>, names: &[HashSet<&str>], scope: usize, name: &str) -> bool {
    let mut next = Some(scope);
    while let Some(index) = next {
        if names.get(index).is_some_and(|names| names.contains(name)) {
            return true;
        }
        next = document
            .scopes
            .get(index)
            .filter(|scope| !scope.distributed)
            .and_then(|scope| scope.outer);
    }
    false
}

/// The functions of JSONata and those that Step Functions adds.
fn is_function(name: &str) -> bool {
    const NAMES: &str = " sum count max min average string substring substringBefore substringAfter lowercase uppercase \
        length trim pad match contains replace split join formatNumber formatBase formatInteger parseInteger number floor \
        ceil round abs sqrt power random boolean not map zip filter single reduce sift keys lookup append exists spread merge \
        reverse each error assert type sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl \
        decodeUrlComponent decodeUrl eval toMillis fromMillis clone now millis partition range hash uuid parse ";
    NAMES.contains(&format!(" {name} "))
}
