//! Workflows that nothing is wrong with, of any shape: chains, joins, loops back, gateways behind gateways.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::game::Answer;

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) definition: Value,
    pub(super) data: Map<String, Value>,
    pub(super) answers: Vec<Answer>,
}

/// What a node between start and end is, with numbers from which its flows are drawn.
#[derive(Debug, Clone)]
struct Draft {
    kind: u8,
    targets: Vec<usize>,
    limits: Vec<i32>,
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let draft = (
        0_u8..10,
        prop::collection::vec(any::<usize>(), 4),
        prop::collection::vec(-5..15, 4),
    )
        .prop_map(|(kind, targets, limits)| Draft {
            kind,
            targets,
            limits,
        });
    let answer = (any::<usize>(), data()).prop_map(|(outcome, data)| Answer { outcome, data });
    (
        prop::collection::vec(draft, 0..9),
        data(),
        prop::collection::vec(answer, 0..12),
    )
        .prop_map(|(drafts, data, answers)| Case {
            definition: definition(&drafts),
            data,
            answers,
        })
}

fn data() -> impl Strategy<Value = Map<String, Value>> {
    (
        prop::option::of(-9_i32..19),
        prop::option::of(prop::sample::select(vec!["x", "y \"q\""])),
    )
        .prop_map(|(amount, note)| {
            let mut data = Map::new();
            data.extend(amount.map(|amount| ("amount".to_owned(), json!(amount))));
            data.extend(note.map(|note| ("note".to_owned(), json!(note))));
            data
        })
}

/// Every node leads on to the next, so all are reached and none is a trap; its other flows lead anywhere that
/// makes no loop of gateways alone.
fn definition(drafts: &[Draft]) -> Value {
    let is_gateway = |at: usize| drafts.get(at).is_some_and(|draft| draft.kind > 5);
    let id = |at: usize| {
        if at < drafts.len() {
            format!("n-{at}")
        } else {
            ["end", "no"][(at - drafts.len()) % 2].to_owned()
        }
    };
    let mut nodes = vec![json!({"id": "start", "type": "startEvent"})];
    let mut flows = vec![json!({"from": "start", "to": id(0)})];
    for (at, draft) in drafts.iter().enumerate() {
        let other = |i: usize| {
            let target = draft.targets[i] % (drafts.len() + 2);
            // Gateways lead back to tasks only.
            if is_gateway(at) && is_gateway(target) && target <= at {
                at + 1
            } else {
                target
            }
        };
        let from = id(at);
        match draft.kind {
            0 | 1 => {
                nodes.push(json!({"id": from, "type": "userTask", "assign": [{"starter": "self"}]}));
                flows.push(json!({"from": from, "to": id(at + 1)}));
            }
            2 | 3 => {
                nodes.push(json!({"id": from, "type": "userTask", "candidates": [{"user": "u"}]}));
                flows.push(json!({"from": from, "to": id(other(0)), "outcome": "approve"}));
                flows.push(json!({"from": from, "to": id(at + 1), "outcome": "reject"}));
            }
            4 => {
                let outcomes = ["同意", "a \"b\"\\", "c", "d"];
                nodes.push(
                    json!({"id": from, "type": "userTask", "assign": [{"user": "u"}], "outcomes": outcomes}),
                );
                flows.push(json!({"from": from, "to": id(other(0)), "outcome": "a \"b\"\\"}));
                flows.push(json!({"from": from, "to": id(at + 1), "default": true}));
                flows.push(json!({"from": from, "to": id(other(1)), "outcome": "c"}));
            }
            5 => {
                nodes.push(json!({"id": from, "type": "serviceTask", "lambda": "do-it"}));
                flows.push(json!({"from": from, "to": id(at + 1)}));
            }
            6 => {
                nodes.push(json!({"id": from, "type": "exclusiveGateway"}));
                flows.push(json!({"from": from, "to": id(at + 1)}));
            }
            more => {
                nodes.push(json!({"id": from, "type": "exclusiveGateway"}));
                for i in 0..usize::from(more - 6) {
                    let when = match draft.limits[i] % 3 {
                        0 => "note = \"x\"".to_owned(),
                        1 => format!(
                            "amount > {} and amount < {}",
                            draft.limits[i],
                            draft.limits[i] + 6
                        ),
                        _ => format!("amount >= {}", draft.limits[i]),
                    };
                    flows.push(
                        json!({"from": from, "to": id(other(i)), "when": when, "name": format!("f{i}")}),
                    );
                }
                flows.push(json!({"from": from, "to": id(at + 1), "default": true}));
            }
        }
    }
    nodes.push(json!({"id": "end", "type": "endEvent"}));
    if flows.iter().any(|flow| flow["to"] == "no") {
        nodes.push(json!({"id": "no", "type": "endEvent", "status": "rejected"}));
    }
    // Two flows that say the same are one.
    let mut seen = Vec::new();
    flows.retain(|flow| {
        let mut key = flow.clone();
        key.as_object_mut().unwrap().shift_remove("name");
        let fresh = !seen.contains(&key);
        seen.push(key);
        fresh
    });
    json!({"key": "generated", "form": "claim", "nodes": nodes, "flows": flows})
}
