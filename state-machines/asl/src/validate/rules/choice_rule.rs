//! A rule of JSONPath tests one thing, with an operand of the operator's kind, and only the outermost leads on.

use serde_json::{Map, Value};

use crate::run::Timestamp;
use crate::types::{Operator, QueryLanguage, StateType};
use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        if state.kind != Some(StateType::Choice) {
            continue;
        }
        if state
            .fields
            .get("Choices")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty)
        {
            findings.error(document.at(state, "Choices"), "there is no rule");
        }
        if state.language == QueryLanguage::JSONPath {
            for (index, rule) in state.objects("Choices") {
                look(rule, &format!("Choices/{index}"), 0, &mut |at, message| {
                    findings.error(document.at(state, at), message);
                });
            }
        }
    }
}

fn look(rule: &Map<String, Value>, at: &str, depth: usize, tell: &mut dyn FnMut(&str, String)) {
    let mut tests = 0;
    for (name, value) in rule {
        let here = format!("{at}/{name}");
        match name.as_str() {
            "And" | "Or" => {
                tests += 1;
                match value.as_array() {
                    Some(items) if !items.is_empty() => {
                        for (index, item) in items.iter().enumerate() {
                            match item {
                                Value::Object(item) => {
                                    look(item, &format!("{here}/{index}"), depth + 1, tell)
                                }
                                _ => tell(&format!("{here}/{index}"), "a test is an object".to_owned()),
                            }
                        }
                    }
                    _ => tell(&here, format!("{name} is an array of tests")),
                }
            }
            "Not" => {
                tests += 1;
                match value {
                    Value::Object(item) => look(item, &here, depth + 1, tell),
                    _ => tell(&here, "Not is a test".to_owned()),
                }
            }
            "Next" | "Assign" if depth > 0 => tell(&here, format!("only the outermost rule has {name}")),
            "Variable" | "Comment" if !value.is_string() => tell(&here, format!("{name} is a string")),
            "Next" | "Assign" | "Comment" | "Variable" | "Condition" | "Output" => {}
            _ => match Operator::from_name(name) {
                Some(operator) => {
                    tests += 1;
                    if !rule.contains_key("Variable") {
                        tell(at, "These fields are required: [Variable]".to_owned());
                    }
                    if !fits(operator, value) {
                        tell(&here, format!("the operand does not fit {name}"));
                    }
                }
                None => tell(&here, format!("there is no operator '{name}'")),
            },
        }
    }
    if tests != 1 {
        tell(at, format!("a rule tests one thing, this one {tests}"));
    }
}

fn fits(operator: Operator, operand: &Value) -> bool {
    if operator.takes_path() {
        return operand.is_string();
    }
    let name = operator.name();
    if operator.is_type_test() || name.starts_with("Boolean") {
        operand.is_boolean()
    } else if name.starts_with("Numeric") {
        operand.is_number()
    } else if name.starts_with("Timestamp") {
        operand
            .as_str()
            .is_some_and(|text| Timestamp::parse(text).is_some())
    } else {
        operand.is_string()
    }
}
