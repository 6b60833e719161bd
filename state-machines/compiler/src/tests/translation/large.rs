//! Large and deep definitions need neither stack nor patience.

use serde_json::{Value, json};

use super::compiled;
use crate::compile::compile_unchecked;

fn definition(mut nodes: Vec<Value>, flows: Vec<Value>) -> Value {
    nodes.push(json!({"id": "start", "type": "startEvent"}));
    nodes.push(json!({"id": "end", "type": "endEvent"}));
    json!({"key": "large", "form": "claim", "nodes": nodes, "flows": flows})
}

#[test]
fn long_definitions_need_no_stack() {
    let mut nodes = Vec::new();
    let mut flows = vec![json!({"from": "start", "to": "g0"})];
    for i in 0..10_000 {
        nodes.push(json!({"id": format!("g{i}"), "type": "exclusiveGateway"}));
        let to = if i == 9999 {
            "end".to_owned()
        } else {
            format!("g{}", i + 1)
        };
        flows.push(json!({"from": format!("g{i}"), "to": to}));
    }
    compiled(&definition(nodes, flows));
}

#[test]
fn forks_nest_to_a_limit() {
    let deep = |levels: usize| {
        let mut nodes = Vec::new();
        let mut flows = vec![
            json!({"from": "start", "to": "f0"}),
            json!({"from": "j0", "to": "end"}),
        ];
        for i in 0..levels {
            nodes.push(json!({"id": format!("f{i}"), "type": "parallelGateway"}));
            nodes.push(json!({"id": format!("j{i}"), "type": "parallelGateway"}));
            nodes.push(json!({"id": format!("t{i}"), "type": "userTask", "assign": [{"starter": "self"}]}));
            flows.push(json!({"from": format!("f{i}"), "to": format!("t{i}")}));
            flows.push(json!({"from": format!("t{i}"), "to": format!("j{i}")}));
            let (down, up) = if i + 1 == levels {
                (format!("j{i}"), None)
            } else {
                (format!("f{}", i + 1), Some(format!("j{}", i + 1)))
            };
            flows.push(json!({"from": format!("f{i}"), "to": down}));
            flows.extend(up.map(|from| json!({"from": from, "to": format!("j{i}")})));
        }
        definition(nodes, flows)
    };
    compiled(&deep(16));
    for levels in [17, 2_000] {
        let found = compile_unchecked(&deep(levels).to_string(), Default::default()).unwrap_err();
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
        assert!(codes.contains(&"LIMIT_NESTING"), "{codes:?}");
    }
}
