//! Fields without which a definition says nothing.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for scope in &document.scopes {
        let missing: Vec<&str> = ["States", "StartAt"]
            .into_iter()
            .filter(|name| !scope.fields.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            findings.error(document.scope_pointer(scope), message);
        }
    }
    for state in &document.states {
        let required: &[&str] = match state.kind {
            None if state.fields.contains_key("Type") => &[],
            None => &["Type"],
            Some(StateType::Task) => &["Resource"],
            Some(StateType::Choice) => &["Choices"],
            Some(StateType::Parallel) => &["Branches"],
            Some(StateType::Map) if state.fields.contains_key("Iterator") => &[],
            Some(StateType::Map) => &["ItemProcessor"],
            Some(_) => &[],
        };
        for name in required.iter().filter(|name| !state.fields.contains_key(**name)) {
            findings.error(
                document.pointer(state),
                format!("These fields are required: [{name}]"),
            );
        }
        for (list, names) in [
            ("Retry", &["ErrorEquals"][..]),
            ("Catch", &["ErrorEquals", "Next"]),
            ("Choices", &["Next"]),
        ] {
            for (index, entry) in state.objects(list) {
                for name in names.iter().filter(|name| !entry.contains_key(**name)) {
                    findings.error(
                        document.at(state, &format!("{list}/{index}")),
                        format!("These fields are required: [{name}]"),
                    );
                }
            }
        }
    }
}
