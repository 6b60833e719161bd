//! Walks the text of a generated machine: the few states and fields that the compiler emits, nothing else of
//! ASL. Tasks are answered from a script.

use std::collections::VecDeque;

use jsonata_core::{evaluator::Evaluator, parser, value::JValue};
use serde_json::{Map, Value, json};

use super::game::{Answer, Played, Step, outcome};

/// What came of it, with the names of the states that were entered.
pub(super) struct Run {
    pub(super) played: Played,
    pub(super) states: Vec<String>,
}

pub(super) fn run(machine: &Value, definition: &Value, data: Map<String, Value>, answers: &[Answer]) -> Run {
    let mut answers: VecDeque<&Answer> = answers.iter().collect();
    let mut input = json!({
        "tenant": "default", "instance": "i-1", "epoch": 1, "workflow": "generated", "version": 3, "ticket": "t-1",
        "starter": "u-1", "seq": 0, "path": [], "visits": {}, "data": data,
    });
    let mut steps = Vec::new();
    let mut states = Vec::new();
    let mut name = machine["StartAt"].as_str().unwrap().to_owned();
    loop {
        let state = &machine["States"][&name];
        states.push(name.clone());
        let (output, next) = match state["Type"].as_str().unwrap() {
            "Task" => {
                let payload = fill(
                    &state["Arguments"]["Payload"],
                    &json!({"input": input, "context": {"Task": {"Token": "t"}}}),
                );
                told(&payload, &input, &mut steps);
                let Some(answer) = answers.pop_front() else {
                    let data = input["data"].as_object().unwrap().clone();
                    return Run {
                        played: Played {
                            steps,
                            status: None,
                            data,
                        },
                        states,
                    };
                };
                let result = result(state, definition, &payload, answer);
                (
                    fill(&state["Output"], &json!({"input": input, "result": result})),
                    &state["Next"],
                )
            }
            "Choice" => {
                let scope = json!({"input": input});
                let rules = state["Choices"].as_array().unwrap();
                let rule = rules
                    .iter()
                    .find(|rule| fill(&rule["Condition"], &scope) == json!(true))
                    .unwrap();
                (
                    rule.get("Output")
                        .map_or(input.clone(), |output| fill(output, &scope)),
                    &rule["Next"],
                )
            }
            "Pass" => (fill(&state["Output"], &json!({"input": input})), &Value::Null),
            "Succeed" => (input.clone(), &Value::Null),
            other => panic!("{other} is not emitted"),
        };
        input = output;
        let Some(next) = next.as_str() else {
            assert!(state["End"] == true || state["Type"] == "Succeed");
            flush(&input["path"], &mut steps);
            assert_eq!(input["seq"], steps.len());
            return Run {
                played: Played {
                    steps,
                    status: input["status"].as_str().map(str::to_owned),
                    data: input["data"].as_object().unwrap().clone(),
                },
                states,
            };
        };
        name = next.to_owned();
    }
}

/// What the function that is called writes down.
fn told(payload: &Value, input: &Value, steps: &mut Vec<Step>) {
    flush(&payload["path"], steps);
    steps.push(step(payload));
    assert_eq!(
        (&payload["instance"], &payload["version"]),
        (&input["instance"], &input["version"])
    );
    if let Some(key) = payload.get("idempotency_key") {
        assert_eq!(
            *key,
            format!("i-1/{}/{}", payload["node"].as_str().unwrap(), payload["visit"])
        );
    } else {
        assert_eq!(payload["token"], "t");
    }
}

fn flush(path: &Value, steps: &mut Vec<Step>) {
    steps.extend(path.as_array().unwrap().iter().map(step));
}

fn step(entry: &Value) -> Step {
    Step {
        seq: entry["seq"].as_u64().unwrap(),
        node: entry["node"].as_str().unwrap().to_owned(),
        visit: entry["visit"].as_u64().unwrap(),
    }
}

fn result(state: &Value, definition: &Value, payload: &Value, answer: &Answer) -> Value {
    if state["Resource"].as_str().unwrap().ends_with(".waitForTaskToken") {
        let nodes = definition["nodes"].as_array().unwrap();
        let task = nodes.iter().find(|node| node["id"] == payload["node"]).unwrap();
        return json!({"outcome": outcome(task, answer), "data": answer.data});
    }
    // A function that has nothing to say may say nothing.
    let answered = if answer.data.is_empty() {
        Value::Null
    } else {
        json!({"data": answer.data})
    };
    json!({"Payload": answered, "StatusCode": 200})
}

/// A template with its expressions evaluated.
fn fill(template: &Value, states: &Value) -> Value {
    match template {
        Value::String(text) => match text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}")) {
            Some(expression) => evaluate(expression, states),
            None => template.clone(),
        },
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), fill(value, states)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| fill(item, states)).collect(),
        other => other.clone(),
    }
}

fn evaluate(expression: &str, states: &Value) -> Value {
    let tree = parser::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut context = jsonata_core::evaluator::Context::new();
    context.bind(
        "states".to_owned(),
        JValue::from_json_str(&states.to_string()).unwrap(),
    );
    let mut evaluator = Evaluator::with_context(context);
    let value = evaluator
        .evaluate(&tree, &JValue::Null)
        .unwrap_or_else(|error| panic!("{expression}: {error:?} over {states}"));
    assert!(!value.is_undefined(), "{expression} gives nothing over {states}");
    serde_json::from_str(&value.to_json_string().unwrap()).unwrap()
}
