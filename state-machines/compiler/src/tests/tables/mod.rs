//! Decision tables against what they mean to others: the token game, and DMN's own test cases.

mod dmn;
mod page;
mod random;
mod tck;

use jsonata_core::{Expression, value::JValue};
use serde_json::{Map, Value, json};

use crate::decision::{Decision, expression};
use crate::document::{Document, Kind};

/// A workflow of one table.
fn document(decision: &Value) -> Document {
    let definition = json!({
        "key": "table", "form": "any",
        "nodes": [{"id": "decide", "type": "businessRuleTask", "decision": decision}],
        "flows": [],
    });
    crate::parse(&definition.to_string()).unwrap()
}

fn table(document: &Document) -> &Decision {
    match &document.nodes[0].kind {
        Kind::Rule(Some(table)) => table,
        other => panic!("{other:?}"),
    }
}

/// What the expression of a table sets, as a step of a path over the data.
fn evaluate(table: &Decision, data: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let source = format!("data.{}", expression(table));
    let compiled = Expression::compile(&source).map_err(|error| format!("{source}: {error}"))?;
    let data = JValue::from_json_str(&json!({"data": data}).to_string()).unwrap();
    let set = compiled.evaluate(&data).map_err(|error| error.to_string())?;
    let set: Value = serde_json::from_str(&set.to_json_string().unwrap()).unwrap();
    Ok(set.as_object().cloned().unwrap())
}
