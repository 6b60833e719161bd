//! The token game: what a definition means, step by step over its own JSON. Shares no code with the compiler.

use std::collections::{BTreeMap, VecDeque};

use jsonata_core::{Expression, value::JValue};
use serde_json::{Map, Value};

/// What people and functions answer, in the order in which they are asked.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Which of a task's outcomes, modulo their number.
    pub(super) outcome: usize,
    pub(super) data: Map<String, Value>,
}

/// One node entered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) seq: u64,
    pub(super) node: String,
    pub(super) visit: u64,
}

/// What came of it; no status: the answers ran out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Played {
    pub(super) steps: Vec<Step>,
    pub(super) status: Option<String>,
    pub(super) data: Map<String, Value>,
}

pub(super) fn play(definition: &Value, data: Map<String, Value>, answers: &[Answer]) -> Played {
    let nodes = definition["nodes"].as_array().unwrap();
    let flows = definition["flows"].as_array().unwrap();
    let mut answers: VecDeque<&Answer> = answers.iter().collect();
    let mut visits: BTreeMap<String, u64> = BTreeMap::new();
    let mut played = Played {
        steps: Vec::new(),
        status: None,
        data,
    };
    let mut token = nodes.iter().find(|node| node["type"] == "startEvent").unwrap();
    loop {
        let id = token["id"].as_str().unwrap();
        let visit = visits.entry(id.to_owned()).or_default();
        *visit += 1;
        played.steps.push(Step {
            seq: played.steps.len() as u64 + 1,
            node: id.to_owned(),
            visit: *visit,
        });
        let out: Vec<&Value> = flows.iter().filter(|flow| flow["from"] == id).collect();
        let flow = match token["type"].as_str().unwrap() {
            "endEvent" => {
                played.status = Some(token["status"].as_str().unwrap_or("completed").to_owned());
                return played;
            }
            "userTask" => {
                let Some(answer) = answers.pop_front() else {
                    return played;
                };
                played.data.extend(answer.data.clone());
                let outcome = outcome(token, answer);
                out.iter()
                    .find(|flow| flow["outcome"] == outcome.as_str())
                    .or_else(|| out.iter().find(|flow| flow["default"] == true))
                    .or(out.first())
            }
            "serviceTask" => {
                let Some(answer) = answers.pop_front() else {
                    return played;
                };
                played.data.extend(answer.data.clone());
                out.first()
            }
            "exclusiveGateway" => out
                .iter()
                .find(|flow| {
                    flow["when"]
                        .as_str()
                        .is_some_and(|condition| holds(condition, &played.data))
                })
                .or_else(|| out.iter().find(|flow| flow["default"] == true))
                .or(out.first()),
            _ => out.first(),
        };
        let to = &flow.unwrap()["to"];
        token = nodes.iter().find(|node| node["id"] == *to).unwrap();
    }
}

pub(super) fn outcome(task: &Value, answer: &Answer) -> String {
    let outcomes: Vec<&str> = match task["outcomes"].as_array() {
        Some(outcomes) => outcomes.iter().filter_map(Value::as_str).collect(),
        None => vec!["approve", "reject"],
    };
    outcomes[answer.outcome % outcomes.len()].to_owned()
}

/// A condition holds when it is exactly `true` of the data.
fn holds(condition: &str, data: &Map<String, Value>) -> bool {
    let data = JValue::from_json_str(&Value::Object(data.clone()).to_string()).unwrap();
    let value = Expression::compile(condition).unwrap().evaluate(&data).unwrap();
    value.to_json_string().is_ok_and(|text| text == "true")
}
