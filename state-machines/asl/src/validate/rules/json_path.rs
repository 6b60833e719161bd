//! What should be a path or an intrinsic function is one.

use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::queries::Parsed;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for query in document.queries() {
        let Some(state) = document.states.get(query.state) else {
            continue;
        };
        if let (Parsed::Wrong(problem), QueryLanguage::JSONPath) = (&query.parsed, state.language) {
            let name = query.field.rsplit('/').next().unwrap_or_default();
            let message = format!(
                "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call: {problem}"
            );
            findings.error(document.at(state, &query.field), message);
        }
    }
}
