//! Tables, data, and what becomes of them.

mod cells;
mod policies;

use jsonata_core::{Expression, value::JValue};
use serde_json::{Value, json};

use super::{Decision, expression};
use crate::document::{Document, Kind};

/// A workflow of one table.
pub(crate) fn document(decision: &Value) -> Document {
    let definition = json!({
        "key": "table", "form": "any",
        "nodes": [{"id": "decide", "type": "businessRuleTask", "decision": decision}],
        "flows": [],
    });
    crate::parse(&definition.to_string()).unwrap()
}

/// A table as it is read from a definition.
pub(crate) fn table(decision: &Value) -> Decision {
    let document = document(decision);
    let [node] = document.nodes.as_slice() else {
        panic!()
    };
    let Kind::Rule(Some(table)) = &node.kind else {
        panic!("{decision}")
    };
    (**table).clone()
}

/// What the expression of a table gives, as a step of a path over the data.
pub(crate) fn run(table: &Decision, data: &Value) -> Result<Value, String> {
    let source = format!("data.{}", expression(table));
    let wrong = |error: &dyn std::fmt::Display| format!("{source}: {error}");
    let expression = Expression::compile(&source).map_err(|error| wrong(&error))?;
    let data = JValue::from_json_str(&json!({"data": data}).to_string()).unwrap();
    let value = expression.evaluate(&data).map_err(|error| wrong(&error))?;
    serde_json::from_str(&value.to_json_string().unwrap()).map_err(|error| wrong(&error))
}

/// A table of one input `x` that gives `y`: for each cell what it gives.
fn one(policy: &str, rules: &[(&str, &str)]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(when, then)| json!({"when": [when], "then": [then]}))
        .collect();
    json!({"hitPolicy": policy, "inputs": [{"expression": "x"}], "outputs": [{"name": "y"}], "rules": rules})
}
