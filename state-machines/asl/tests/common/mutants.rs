//! Definitions with one value replaced.

use asl::Machine;
use asl::types::StateMachine;
use serde_json::{Value, json};

pub(crate) fn of(definition: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    walk(definition, String::new(), &mut pointers);
    let replacements = [
        json!(null),
        json!(-1),
        json!("x"),
        json!([]),
        json!({}),
        json!(["x", {}]),
        json!("{% $states.input %}"),
    ];
    let mut mutants = Vec::new();
    for pointer in pointers {
        for replacement in &replacements {
            let mut mutant = definition.clone();
            if let Some(value) = mutant.pointer_mut(&pointer) {
                *value = replacement.clone();
            }
            mutants.push(mutant);
        }
    }
    mutants
}

fn walk(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(value, format!("{pointer}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(value, format!("{pointer}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

/// Reads and resolves it, as a host would before it starts one.
pub(crate) fn resolve(definition: &Value) -> Result<(), String> {
    let machine = StateMachine::parse(&definition.to_string()).map_err(|error| error.to_string())?;
    Machine::new(&machine)
        .map(|_| ())
        .map_err(|problems| format!("{problems:?}"))
}
