//! Translation validation: a definition and the machine made from it mean the same. Both get the same scripted
//! answers and must enter the same nodes in the same order and end with the same data.

mod game;
mod generate;
mod machine;

use crate::tests::predefined;
use crate::{Catalog, Compiled, compile, fewest_transitions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use game::Answer;
use generate::Case;

fn catalog() -> Catalog {
    let schema = json!({
        "type": "object",
        "properties": {"amount": {"type": "number"}, "note": {"type": "string"}},
    });
    Catalog::new().form("claim", schema).function("do-it")
}

fn compiled(definition: &Value) -> Compiled {
    compile(&definition.to_string(), &catalog()).unwrap_or_else(|found| panic!("{found:#?}\n{definition:#}"))
}

/// Both runs of a case; the reason where they differ.
fn agree(case: &Case) -> Result<(), String> {
    agreement(&compiled(&case.definition), case)
}

fn agreement(compiled: &Compiled, case: &Case) -> Result<(), String> {
    let text: Value = serde_json::from_str(&compiled.machine("p-")).unwrap();
    sane(&text)?;
    let meant = game::play(&case.definition, case.data.clone(), &case.answers);
    let run = machine::run(
        compiled.state_machine(),
        &case.definition,
        case.data.clone(),
        &case.answers,
    );
    if meant != run.played {
        return Err(format!("meant {meant:#?}\nbut got {:#?}\n{text:#}", run.played));
    }
    let walk: Vec<&str> = meant.steps.iter().map(|step| step.node.as_str()).collect();
    let fewest = fewest_transitions(&compiled.workflow, &walk);
    if meant.status.is_some() && run.states.len() != fewest {
        return Err(format!(
            "{:?} are more than {fewest} transitions for {walk:?}",
            run.states
        ));
    }
    Ok(())
}

/// What a state machine has to be, whatever it means.
fn sane(machine: &Value) -> Result<(), String> {
    let states = machine["States"].as_object().unwrap();
    let mut targets = vec![&machine["StartAt"]];
    for (name, state) in states {
        if name.chars().count() > 80 {
            return Err(format!("{name} is too long"));
        }
        if state["Type"] == "Task" && !state["TimeoutSeconds"].is_u64() {
            return Err(format!("{name} has no timeout"));
        }
        targets.extend(state.get("Next"));
        targets.extend(
            state["Choices"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|rule| &rule["Next"]),
        );
    }
    let lost = targets
        .into_iter()
        .find(|target| !states.contains_key(target.as_str().unwrap()));
    lost.map_or(Ok(()), |lost| Err(format!("there is no state {lost}")))
}

#[test]
fn machines_mean_what_their_definitions_say() {
    let cases = 500;
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&generate::case(), |case| {
        agree(&case).map_err(|why| TestCaseError::fail(format!("{why}\n{:#}", case.definition)))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!("translation: {cases} of {cases} runs agree");
}

fn answer(outcome: usize) -> Answer {
    Answer {
        outcome,
        data: Map::new(),
    }
}

#[test]
fn a_loop_back_to_the_first_task_counts_its_visits() {
    let definition = json!({
        "key": "loop", "form": "claim",
        "nodes": [
            {"id": "start", "type": "startEvent"},
            {"id": "again", "type": "exclusiveGateway"},
            {"id": "ask", "type": "userTask", "assign": [{"starter": "self"}]},
            {"id": "end", "type": "endEvent"},
        ],
        "flows": [
            {"from": "start", "to": "again"},
            {"from": "again", "to": "ask"},
            {"from": "ask", "to": "again", "outcome": "reject"},
            {"from": "ask", "to": "end", "outcome": "approve"},
        ],
    });
    let case = Case {
        definition,
        data: Map::new(),
        answers: vec![answer(1), answer(1), answer(0)],
    };
    agree(&case).unwrap();
    let played = game::play(&case.definition, Map::new(), &case.answers);
    let walk: Vec<String> = played
        .steps
        .iter()
        .map(|step| format!("{}#{}", step.node, step.visit))
        .collect();
    assert_eq!(
        walk,
        [
            "start#1", "again#1", "ask#1", "again#2", "ask#2", "again#3", "ask#3", "end#1"
        ]
    );
}

#[test]
fn the_predefined_workflows_mean_what_they_say() {
    let (catalog, mut runs) = (predefined::catalog(), 0);
    for (_, path) in predefined::definitions() {
        let text = std::fs::read_to_string(path).unwrap();
        let compiled = compile(&text, &catalog).unwrap();
        let definition: Value = serde_json::from_str(&text).unwrap();
        for amount in [None, Some(1), Some(5000), Some(5001)] {
            // Every way to answer six times approve or reject.
            for script in 0..64_usize {
                let data: Map<String, Value> = amount
                    .map(|amount| ("amount".to_owned(), json!(amount)))
                    .into_iter()
                    .collect();
                let answers = (0..6).map(|bit| answer(script >> bit & 1)).collect();
                agreement(
                    &compiled,
                    &Case {
                        definition: definition.clone(),
                        data,
                        answers,
                    },
                )
                .unwrap();
                runs += 1;
            }
        }
    }
    println!("translation: {runs} of {runs} runs of predefined workflows agree");
}

#[test]
fn a_workflow_without_a_step_ends_at_once() {
    let definition = json!({
        "key": "nothing", "form": "claim",
        "nodes": [{"id": "start", "type": "startEvent"}, {"id": "end", "type": "endEvent"}],
        "flows": [{"from": "start", "to": "end"}],
    });
    agree(&Case {
        definition,
        data: Map::new(),
        answers: vec![],
    })
    .unwrap();
}

/// Gateways behind gateways, each leading to two of the next layer: folded without a limit, the branches would
/// double with each layer.
fn lattice(layers: usize) -> Value {
    let mut nodes = vec![
        json!({"id": "start", "type": "startEvent"}),
        json!({"id": "end", "type": "endEvent"}),
    ];
    let mut flows = vec![json!({"from": "start", "to": "g0-0"})];
    for layer in 0..layers {
        for side in 0..2 {
            if layer == 0 && side == 1 {
                continue;
            }
            let id = format!("g{layer}-{side}");
            nodes.push(json!({"id": id, "type": "exclusiveGateway"}));
            let to = |side: usize| {
                if layer + 1 < layers {
                    format!("g{}-{side}", layer + 1)
                } else {
                    format!("t{side}")
                }
            };
            flows.push(json!({"from": id, "to": to(0), "when": format!("amount > {layer}")}));
            flows.push(json!({"from": id, "to": to(1), "default": true}));
        }
    }
    for side in 0..2 {
        let id = format!("t{side}");
        nodes.push(json!({"id": id, "type": "serviceTask", "lambda": "do-it"}));
        flows.push(json!({"from": id, "to": "end"}));
    }
    json!({"key": "lattice", "form": "claim", "nodes": nodes, "flows": flows})
}

#[test]
fn folding_has_a_limit() {
    let definition = lattice(40);
    let compiled = compiled(&definition);
    for amount in [-1, 3, 20, 100] {
        let data = json!({"amount": amount}).as_object().unwrap().clone();
        let answers = [answer(0)];
        let meant = game::play(&definition, data.clone(), &answers);
        assert_eq!(
            meant,
            machine::run(compiled.state_machine(), &definition, data, &answers).played
        );
    }
}

#[test]
fn long_definitions_need_no_stack() {
    let mut nodes = vec![
        json!({"id": "start", "type": "startEvent"}),
        json!({"id": "end", "type": "endEvent"}),
    ];
    let mut flows = vec![json!({"from": "start", "to": "g0"})];
    for i in 0..10_000 {
        nodes.push(json!({"id": format!("g{i}"), "type": "exclusiveGateway"}));
        flows.push(json!({"from": format!("g{i}"), "to": if i == 9999 { "end".into() } else { format!("g{}", i + 1) }}));
    }
    compiled(&json!({"key": "long", "form": "claim", "nodes": nodes, "flows": flows}));
}
