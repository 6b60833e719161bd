//! Workflows in which something was changed at random: what the rules let through can be played, and nothing makes the
//! compiler fail without a word.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::diagnostic::Severity;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value};

use super::game::Game;
use super::game::generate::{Case, Dice, Features, case, schema};
use crate::{Catalog, diagnose};

/// Without tokens beside each other, whose order nothing but the structure of the whole can tell.
const ONE_TOKEN: Features = Features {
    parallel: false,
    inclusive: false,
    open_forks: false,
    listeners: false,
    multi_parallel: false,
    ..Features::ALL
};

fn run(features: Features, cases: u32, mut judge: impl FnMut(&Case, &Value) -> Result<(), String>) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let dice = prop::collection::vec(any::<u16>(), 12);
    let judge = std::cell::RefCell::new(&mut judge);
    let outcome = runner.run(&(case(features), dice), |(case, dice)| {
        let mut definition = case.definition.clone();
        let mut dice = Dice::new(&dice);
        for _ in 0..=dice.roll(2) {
            mutate(&mut definition, &mut dice);
        }
        (judge.borrow_mut())(&case, &definition)
            .map_err(|why| TestCaseError::fail(format!("{why}\n{definition:#}")))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn errors(definition: &Value) -> Vec<String> {
    let catalog = Catalog::new()
        .form("claim", schema())
        .function("do-it")
        .workflow("other");
    let found = diagnose(&definition.to_string(), &catalog);
    let found = found.into_iter().filter(|one| one.severity == Severity::Error);
    found.map(|one| one.code).collect()
}

#[test]
fn whatever_was_changed_is_compiled_or_told() {
    run(Features::ALL, 300, |_, definition| {
        let errors = errors(definition);
        let is_missed = errors.iter().any(|code| code == "NOT_COMPILED");
        if is_missed {
            Err("missed".to_owned())
        } else {
            Ok(())
        }
    });
}

#[test]
fn what_the_rules_let_through_can_be_played() {
    let mut played = 0;
    run(ONE_TOKEN, 500, |case, definition| {
        if errors(definition).iter().any(|code| code != "NOT_SUPPORTED_YET") {
            return Ok(());
        }
        played += 1;
        let play = || play(case, definition);
        catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|_| Err("the game does not know how".to_owned()))
    });
    println!("mutated: {played} of 500 are still right");
}

fn play(case: &Case, definition: &Value) -> Result<(), String> {
    let services = |key: &str, node: &str| case.service(key, node);
    let mut script = Dice::new(&case.script);
    let mut game = Game::start(definition, case.data.clone(), &services);
    while let Some((place, answer)) = game.pick(&mut script) {
        game.answer(&place, &answer);
    }
    let is_stuck = game.open().is_empty() && game.result().is_none() && game.incident().is_none();
    if is_stuck { Err("stuck".to_owned()) } else { Ok(()) }
}

/// Changes one thing.
fn mutate(definition: &mut Value, dice: &mut Dice<'_>) {
    let (scopes, ids) = scopes(definition);
    let scope = scopes[dice.roll(scopes.len())].clone();
    let some_id = Value::from(ids[dice.roll(ids.len())].clone());
    let what = dice.roll(12);
    let list = if what < 5 { "flows" } else { "nodes" };
    let Some(Value::Array(list)) = definition.pointer_mut(&format!("{scope}/{list}")) else {
        return;
    };
    if list.is_empty() {
        return;
    }
    let place = dice.roll(list.len());
    let entry = list[place].clone();
    match what {
        0 | 5 => drop(list.remove(place)),
        1 | 2 => list[place]["to"] = some_id,
        3 => list[place]["from"] = some_id,
        4 => {
            list.push(entry);
            list.last_mut().unwrap()["to"] = some_id;
        }
        6 => list[place]["type"] = TYPES[dice.roll(TYPES.len())].into(),
        7 => {
            let node = list[place].as_object_mut().unwrap();
            let names: Vec<String> = node.keys().cloned().collect();
            drop(node.remove(&names[dice.roll(names.len())]));
        }
        8 => list[place]["attachedTo"] = some_id,
        9 => {
            let node = list.remove(place);
            if let Some(Value::Array(other)) = definition.pointer_mut(&format!("{}/nodes", scopes[0])) {
                other.push(node);
            }
        }
        10 => list[place]["multiInstance"] = serde_json::json!({"collection": "[1, 2]", "sequential": true}),
        _ => {
            let node = list[place].as_object_mut().unwrap();
            let events: Map<String, Value> = node
                .iter()
                .filter(|(name, value)| value.is_object() && EVENTS.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            for name in events.keys() {
                node.remove(name);
            }
            let event = EVENTS[dice.roll(EVENTS.len())];
            node.insert(event.to_owned(), example(event, &some_id));
        }
    }
}

const TYPES: [&str; 12] = [
    "startEvent",
    "endEvent",
    "userTask",
    "scriptTask",
    "exclusiveGateway",
    "parallelGateway",
    "eventBasedGateway",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "subProcess",
    "sendTask",
];

const EVENTS: [&str; 7] = [
    "timer",
    "message",
    "signal",
    "error",
    "escalation",
    "link",
    "compensation",
];

fn example(event: &str, id: &Value) -> Value {
    match event {
        "timer" => serde_json::json!({"timeDuration": "PT1H"}),
        "error" | "escalation" => serde_json::json!({"code": "A"}),
        "compensation" => serde_json::json!({"activity": id}),
        _ => serde_json::json!({"name": "a"}),
    }
}

/// Where there are nodes and flows, and the ids of all nodes.
fn scopes(definition: &Value) -> (Vec<String>, Vec<String>) {
    let (mut scopes, mut ids) = (vec![String::new()], Vec::new());
    let mut next = 0;
    while let Some(scope) = scopes.get(next).cloned() {
        let nodes = definition
            .pointer(&format!("{scope}/nodes"))
            .and_then(Value::as_array);
        for (i, node) in nodes.into_iter().flatten().enumerate() {
            ids.extend(node["id"].as_str().map(str::to_owned));
            if node["nodes"].is_array() {
                scopes.push(format!("{scope}/nodes/{i}"));
            }
        }
        next += 1;
    }
    (scopes, ids)
}
