//! A label has at most 40 characters, and none that a name may not have.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        let Some(label) = state.text("Label").filter(|_| state.kind == Some(StateType::Map)) else {
            continue;
        };
        if label.chars().count() > 40 {
            findings.error(document.at(state, "Label"), "Label cannot exceed 40 characters");
        }
        if let Some(c) = label
            .chars()
            .find(|c| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(*c))
        {
            findings.error(
                document.at(state, "Label"),
                format!("Label contains invalid character: {c:?}"),
            );
        }
    }
}
