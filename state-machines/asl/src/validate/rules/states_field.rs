//! `$states.result` and `$states.errorOutput` are there where there is a result or an error.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::queries::Parsed;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for query in document.queries() {
        let (Parsed::Expression(expression), Some(state)) = (&query.parsed, document.states.get(query.state))
        else {
            continue;
        };
        let Some(fields) = expression.states_fields() else {
            continue;
        };
        let top = query.field.split('/').next().unwrap_or_default();
        let leaving = matches!(top, "Output" | "Assign");
        let result = leaving
            && matches!(
                state.kind,
                Some(StateType::Task | StateType::Parallel | StateType::Map)
            );
        for field in fields {
            let known = match field.as_str() {
                "input" | "context" => true,
                "result" => result,
                "errorOutput" => top == "Catch",
                _ => false,
            };
            if !known {
                findings.error(
                    document.at(state, &query.field),
                    format!("$states.{field} is not there in this field"),
                );
            }
        }
    }
}
