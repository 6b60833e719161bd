//! An expression is JSONata as Step Functions runs it: 2.0.6 without `$eval`, `$$`, and without `$` or bare names at the top.

use crate::expression::delimited;
use crate::types::QueryLanguage;
use crate::validate::document::Document;
use crate::validate::queries::Parsed;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for query in document.queries() {
        let Some(state) = document.states.get(query.state) else {
            continue;
        };
        if let (Parsed::Wrong(problem), QueryLanguage::JSONata) = (&query.parsed, state.language) {
            findings.error(document.at(state, &query.field), problem.as_str());
        }
    }
    for state in document
        .states
        .iter()
        .filter(|state| state.language == QueryLanguage::JSONata)
    {
        for (index, rule) in state.objects("Choices") {
            match rule.get("Condition") {
                Some(serde_json::Value::String(text)) if delimited(text).is_none() => findings.error(
                    document.at(state, &format!("Choices/{index}/Condition")),
                    "a condition is an expression in {% %} or a boolean",
                ),
                Some(serde_json::Value::String(_) | serde_json::Value::Bool(_)) => {}
                _ => findings.error(
                    document.at(state, &format!("Choices/{index}")),
                    "These fields are required: [Condition]",
                ),
            }
        }
    }
}
