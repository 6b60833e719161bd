//! Names of variables are identifiers of at most 80 characters, and `states` is reserved.

use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::document::State;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        for (name, field) in assigned(state) {
            let name = if state.language == QueryLanguage::JSONPath {
                name.strip_suffix(".$").unwrap_or(name)
            } else {
                name
            };
            let mut characters = name.chars();
            let first = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
            if name == "states" {
                findings.error(document.at(state, &field), "the name 'states' is reserved");
            } else if !first || !characters.all(|c| c.is_alphanumeric() || c == '_') {
                findings.error(
                    document.at(state, &field),
                    format!("'{name}' is not the name of a variable"),
                );
            } else if name.chars().count() > 80 {
                findings.error(document.at(state, &field), "the name has more than 80 characters");
            }
        }
    }
}

/// The names that a state assigns, with the fields where it does.
pub(super) fn assigned<'a>(state: &State<'a>) -> Vec<(&'a str, String)> {
    let mut names = Vec::new();
    let mut add = |assign: Option<&'a serde_json::Value>, at: &str| {
        for name in assign
            .and_then(serde_json::Value::as_object)
            .into_iter()
            .flat_map(|assign| assign.keys())
        {
            names.push((name.as_str(), crate::diagnostic::join(at, name)));
        }
    };
    add(state.fields.get("Assign"), "Assign");
    for list in ["Catch", "Choices"] {
        for (index, entry) in state.objects(list) {
            add(entry.get("Assign"), &format!("{list}/{index}/Assign"));
        }
    }
    names
}
