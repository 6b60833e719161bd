//! Decision tables against what they mean to others: the token game, and DMN's own test cases.

mod dmn;
mod random;
mod tck;

use serde_json::{Value, json};

use crate::decision::Decision;
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
