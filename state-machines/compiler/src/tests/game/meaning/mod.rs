//! What the page says, by small examples.

mod scopes;
mod tables;

use serde_json::{Map, Value, json};

use super::{Answer, Game, Place};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn nothing(_: &str, _: &str) -> Result<Map<String, Value>, String> {
    Ok(Map::new())
}

/// Nodes with their types and more; flows as `from to`.
fn definition(nodes: Value, flows: &[&str]) -> Value {
    let flows = flows.iter().map(|flow| {
        let (from, to) = flow.split_once(' ').unwrap();
        json!({"from": from, "to": to})
    });
    let flows: Vec<Value> = flows.collect();
    json!({"nodes": nodes, "flows": flows})
}

fn place(node: &str, visit: u64) -> Place {
    Place {
        node: node.to_owned(),
        visit,
        iteration: String::new(),
    }
}

fn decide(data: Value) -> Answer {
    Answer::Outcome {
        outcome: "approve".to_owned(),
        data: map(data),
    }
}

fn event(node: &str) -> Answer {
    Answer::Event {
        node: node.to_owned(),
        data: Map::new(),
    }
}

fn open(game: &Game<'_>) -> Vec<String> {
    game.open().iter().map(Place::key).collect()
}

/// Two branches in a sub-process that can be cancelled.
fn cancelled() -> Value {
    let inside = definition(
        json!([
            {"id": "s", "type": "startEvent"}, {"id": "fork", "type": "parallelGateway"},
            {"id": "a", "type": "userTask"}, {"id": "a2", "type": "scriptTask", "script": {"x": "1"}},
            {"id": "b", "type": "userTask"}, {"id": "b2", "type": "userTask"},
            {"id": "join", "type": "parallelGateway"}, {"id": "e", "type": "endEvent"},
        ]),
        &[
            "s fork", "fork a", "a a2", "a2 join", "fork b", "b b2", "b2 join", "join e",
        ],
    );
    definition(
        json!([
            {"id": "start", "type": "startEvent"},
            {"id": "sub", "type": "subProcess", "nodes": inside["nodes"], "flows": inside["flows"]},
            {"id": "stop", "type": "boundaryEvent", "attachedTo": "sub", "message": {"name": "stop"}},
            {"id": "end", "type": "endEvent"}, {"id": "no", "type": "endEvent", "status": "rejected"},
        ]),
        &["start sub", "sub end", "stop no"],
    )
}

#[test]
fn a_fork_that_is_left_early_keeps_what_was_written_before_the_last_places() {
    let mut game = Game::start(&cancelled(), Map::new(), &nothing);
    assert_eq!(open(&game), ["a/1", "b/1"]);
    game.answer(&place("a", 1), &decide(json!({"amount": 5})));
    game.answer(&place("b", 1), &decide(json!({"note": "x"})));
    assert_eq!(open(&game), ["b2/1"]);
    game.answer(&place("b2", 1), &event("stop"));
    let played = game.result().unwrap();
    // The first branch has not rested since it was decided.
    assert_eq!(Value::Object(played.data), json!({"note": "x"}));
    assert_eq!(played.status, "rejected");
}

#[test]
fn a_join_has_what_all_branches_wrote() {
    let mut game = Game::start(&cancelled(), Map::new(), &nothing);
    game.answer(&place("a", 1), &decide(json!({"amount": 5})));
    game.answer(&place("b", 1), &decide(json!({"note": "x"})));
    game.answer(&place("b2", 1), &decide(json!({})));
    let played = game.result().unwrap();
    assert_eq!(
        Value::Object(played.data),
        json!({"amount": 5, "x": 1, "note": "x"})
    );
    assert_eq!(played.status, "completed");
}

#[test]
fn a_listener_opens_again_until_its_activity_is_left() {
    let definition = definition(
        json!([
            {"id": "start", "type": "startEvent"}, {"id": "task", "type": "userTask"},
            {"id": "remind", "type": "boundaryEvent", "attachedTo": "task", "interrupting": false,
             "timer": {"timeCycle": "R2/PT1H"}},
            {"id": "call", "type": "userTask"}, {"id": "called", "type": "endEvent"},
            {"id": "end", "type": "endEvent"},
        ]),
        &["start task", "task end", "remind call", "call called"],
    );
    let mut game = Game::start(&definition, Map::new(), &nothing);
    assert_eq!(open(&game), ["remind/1", "task/1"]);
    game.answer(&place("remind", 1), &event("remind"));
    assert_eq!(open(&game), ["call/1", "task/1"]);
    game.answer(&place("call", 1), &decide(json!({})));
    assert_eq!(open(&game), ["remind/2", "task/1"]);
    game.answer(&place("remind", 2), &event("remind"));
    game.answer(&place("task", 1), &decide(json!({})));
    assert_eq!(open(&game), ["call/2"]);
    assert!(game.result().is_none());
    game.answer(&place("call", 2), &decide(json!({})));
    assert_eq!(game.result().unwrap().status, "completed");
}

#[test]
fn iterations_have_numbers_and_leave_their_output() {
    let multi = json!({"collection": "[3, 4]", "element": "line", "output": {"doubled": "line * 2"}});
    let definition = definition(
        json!([
            {"id": "start", "type": "startEvent"},
            {"id": "each", "type": "userTask", "multiInstance": multi},
            {"id": "end", "type": "endEvent"},
        ]),
        &["start each", "each end"],
    );
    let mut game = Game::start(&definition, Map::new(), &nothing);
    assert_eq!(open(&game), ["each/1/0", "each/1/1"]);
    for place in game.open().into_iter().rev() {
        game.answer(&place, &decide(json!({"amount": 1})));
    }
    assert_eq!(
        Value::Object(game.result().unwrap().data),
        json!({"doubled": [6, 8]})
    );
    assert_eq!(game.entered().len(), 5);
}

#[test]
fn compensation_undoes_the_last_first() {
    let definition = definition(
        json!([
            {"id": "start", "type": "startEvent"},
            {"id": "book", "type": "serviceTask"}, {"id": "pay", "type": "serviceTask"},
            {"id": "on-book", "type": "boundaryEvent", "attachedTo": "book", "compensation": {"handler": "unbook"}},
            {"id": "on-pay", "type": "boundaryEvent", "attachedTo": "pay", "compensation": {"handler": "unpay"}},
            {"id": "unbook", "type": "serviceTask", "writes": ["last"]},
            {"id": "unpay", "type": "serviceTask", "writes": ["last"]},
            {"id": "undo", "type": "endEvent", "compensation": {}},
        ]),
        &["start book", "book pay", "pay undo"],
    );
    let services = |_: &str, node: &str| Ok(map(json!({"last": node, "more": 1})));
    let game = Game::start(&definition, Map::new(), &services);
    assert_eq!(
        Value::Object(game.result().unwrap().data),
        json!({"last": "unbook"})
    );
}

#[test]
fn an_error_finds_the_nearest_that_names_it_or_is_an_incident() {
    let nodes = |code: &str| {
        json!([
            {"id": "start", "type": "startEvent"}, {"id": "pay", "type": "serviceTask", "writes": ["x"]},
            {"id": "broken", "type": "boundaryEvent", "attachedTo": "pay", "error": {"code": code}},
            {"id": "end", "type": "endEvent"}, {"id": "no", "type": "endEvent", "status": "rejected"},
        ])
    };
    let flows = ["start pay", "pay end", "broken no"];
    let services = |_: &str, _: &str| Err("broken".to_owned());
    let game = Game::start(&definition(nodes("broken"), &flows), Map::new(), &services);
    assert_eq!(game.result().unwrap().status, "rejected");
    let game = Game::start(&definition(nodes("other"), &flows), Map::new(), &services);
    assert!(game.result().is_none());
    assert_eq!(game.incident().unwrap().at, place("pay", 1));
}
