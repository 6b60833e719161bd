//! Scopes and what leaves them; places with several answers.

use serde_json::{Map, Value, json};

use super::{decide, definition, event, map, nothing, open, place};
use crate::tests::game::{Answer, Choice, Game};

fn entered(game: &Game<'_>) -> Vec<String> {
    game.entered().keys().map(|place| place.key()).collect()
}

fn scope(id: &str, nodes: Value, flows: &[&str]) -> Value {
    let inside = definition(nodes, flows);
    json!({"id": id, "type": "subProcess", "nodes": inside["nodes"], "flows": inside["flows"]})
}

fn listening(start: Value) -> Value {
    let mut start = start;
    start["type"] = "startEvent".into();
    start["id"] = "begin".into();
    let nodes = json!([start, {"id": "handle", "type": "userTask"}, {"id": "handled", "type": "endEvent"}]);
    let mut handler = scope("handler", nodes, &["begin handle", "handle handled"]);
    handler["triggeredByEvent"] = true.into();
    handler
}

/// A task in a sub-process with an event sub-process.
fn handled(start: Value) -> Value {
    let nodes = json!([
        {"id": "s", "type": "startEvent"}, {"id": "task", "type": "userTask"}, {"id": "e", "type": "endEvent"},
        listening(start),
    ]);
    let nodes = json!([
        {"id": "start", "type": "startEvent"}, scope("sub", nodes, &["s task", "task e"]),
        {"id": "late", "type": "boundaryEvent", "attachedTo": "sub", "timer": {"timeDuration": "PT1H"}},
        {"id": "end", "type": "endEvent"}, {"id": "no", "type": "endEvent", "status": "rejected"},
    ]);
    definition(nodes, &["start sub", "sub end", "late no"])
}

#[test]
fn an_interrupting_event_sub_process_takes_the_scope_over() {
    let definition = handled(json!({"message": {"name": "m", "writes": ["note"]}}));
    let mut game = Game::start(&definition, Map::new(), &nothing);
    let events = ["begin", "late"].map(|event| Choice::Event(event.to_owned()));
    assert_eq!(game.choices(&place("task", 1))[2..], events);
    let data = map(json!({"note": "x", "amount": 1}));
    game.answer(
        &place("task", 1),
        &Answer::Event {
            node: "begin".to_owned(),
            data,
        },
    );
    assert_eq!(open(&game), ["handle/1"]);
    // It does not listen to itself, but the scope can still be late.
    assert_eq!(game.choices(&place("handle", 1))[2..], events[1..]);
    game.answer(&place("handle", 1), &decide(json!({})));
    assert_eq!(Value::Object(game.result().unwrap().data), json!({"note": "x"}));
    let all = [
        "begin/1",
        "end/1",
        "handle/1",
        "handled/1",
        "handler/1",
        "s/1",
        "start/1",
        "sub/1",
        "task/1",
    ];
    assert_eq!(entered(&game), all);
}

#[test]
fn one_that_does_not_interrupt_has_a_place_beside_the_scope() {
    let definition = handled(json!({"signal": {"name": "s"}, "interrupting": false}));
    let mut game = Game::start(&definition, Map::new(), &nothing);
    assert_eq!(open(&game), ["begin/1", "task/1"]);
    let late = Choice::Event("late".to_owned());
    assert_eq!(
        game.choices(&place("begin", 1)),
        [Choice::Event("begin".to_owned()), late]
    );
    game.answer(&place("begin", 1), &event("begin"));
    game.answer(&place("task", 1), &decide(json!({})));
    assert_eq!(open(&game), ["handle/1"]);
    game.answer(&place("handle", 1), &decide(json!({})));
    assert_eq!(game.result().unwrap().status, "completed");
}

#[test]
fn what_happens_to_the_scope_takes_listeners_away_too() {
    let definition = handled(json!({"signal": {"name": "s"}, "interrupting": false}));
    let mut game = Game::start(&definition, Map::new(), &nothing);
    game.answer(&place("begin", 1), &event("begin"));
    game.answer(&place("handle", 1), &event("late"));
    assert_eq!(game.result().unwrap().status, "rejected");
}

#[test]
fn an_escalation_that_does_not_interrupt_lets_both_go_on() {
    let inside = json!([
        {"id": "s", "type": "startEvent"},
        {"id": "up", "type": "intermediateThrowEvent", "escalation": {"code": "late"}},
        {"id": "task", "type": "userTask"}, {"id": "e", "type": "endEvent"},
    ]);
    let nodes = json!([
        {"id": "start", "type": "startEvent"}, scope("sub", inside, &["s up", "up task", "task e"]),
        {"id": "heard", "type": "boundaryEvent", "attachedTo": "sub", "interrupting": false, "escalation": {}},
        {"id": "look", "type": "userTask"}, {"id": "looked", "type": "endEvent"}, {"id": "end", "type": "endEvent"},
    ]);
    let definition = definition(nodes, &["start sub", "sub end", "heard look", "look looked"]);
    let mut game = Game::start(&definition, Map::new(), &nothing);
    assert_eq!(open(&game), ["look/1", "task/1"]);
    game.answer(&place("task", 1), &decide(json!({})));
    assert_eq!(open(&game), ["look/1"]);
    game.answer(&place("look", 1), &decide(json!({})));
    assert!(game.result().is_some());
}

#[test]
fn terminate_ends_its_scope_only_and_an_error_goes_further() {
    let inside = |end: Value| {
        let mut stop = end;
        stop["id"] = "stop".into();
        stop["type"] = "endEvent".into();
        let nodes = json!([
            {"id": "s", "type": "startEvent"}, {"id": "fork", "type": "parallelGateway"},
            {"id": "a", "type": "userTask"}, {"id": "b", "type": "userTask"}, stop, {"id": "e", "type": "endEvent"},
        ]);
        let nodes = json!([
            {"id": "start", "type": "startEvent"},
            scope("sub", nodes, &["s fork", "fork a", "a stop", "fork b", "b e"]),
            {"id": "broken", "type": "boundaryEvent", "attachedTo": "sub", "error": {}},
            {"id": "end", "type": "endEvent"}, {"id": "no", "type": "endEvent", "status": "rejected"},
        ]);
        definition(nodes, &["start sub", "sub end", "broken no"])
    };
    for (end, status) in [
        (json!({"terminate": true}), "completed"),
        (json!({"error": {"code": "x"}}), "rejected"),
    ] {
        let definition = inside(end);
        let mut game = Game::start(&definition, Map::new(), &nothing);
        game.answer(&place("a", 1), &decide(json!({"amount": 2})));
        let played = game.result().unwrap();
        assert_eq!(
            (played.status.as_str(), Value::Object(played.data)),
            (status, json!({"amount": 2}))
        );
    }
}

#[test]
fn a_gateway_of_events_forgets_the_others() {
    let nodes = json!([
        {"id": "start", "type": "startEvent"}, {"id": "first", "type": "eventBasedGateway"},
        {"id": "paid", "type": "intermediateCatchEvent", "message": {"name": "paid", "writes": ["amount"]}},
        {"id": "late", "type": "intermediateCatchEvent", "timer": {"timeDuration": "PT1H"}},
        {"id": "end", "type": "endEvent"}, {"id": "no", "type": "endEvent", "status": "rejected"},
    ]);
    let definition = definition(
        nodes,
        &["start first", "first paid", "first late", "paid end", "late no"],
    );
    let mut game = Game::start(&definition, Map::new(), &nothing);
    assert_eq!(game.choices(&place("first", 1)).len(), 2);
    game.answer(&place("first", 1), &event("late"));
    assert_eq!(game.result().unwrap().status, "rejected");
    assert_eq!(entered(&game), ["first/1", "late/1", "no/1", "start/1"]);
}

#[test]
fn sequential_iterations_hand_their_data_on() {
    let inside = json!([
        {"id": "s", "type": "startEvent"}, {"id": "task", "type": "userTask"},
        {"id": "add", "type": "scriptTask", "script": {"sum": "(sum ? sum : 0) + line"}}, {"id": "e", "type": "endEvent"},
    ]);
    let mut sub = scope("sub", inside, &["s task", "task add", "add e"]);
    sub["multiInstance"] = json!({"collection": "lines", "element": "line", "sequential": true,
        "completionCondition": "sum > 4", "output": {"sums": "sum"}});
    let nodes = json!([{"id": "start", "type": "startEvent"}, sub, {"id": "end", "type": "endEvent"}]);
    let definition = definition(nodes, &["start sub", "sub end"]);
    let mut game = Game::start(&definition, map(json!({"lines": [2, 3, 4]})), &nothing);
    assert_eq!(open(&game), ["task/1/0"]);
    let first = game.open().pop_first().unwrap();
    game.answer(&first, &decide(json!({})));
    assert_eq!(open(&game), ["task/2/1"]);
    let second = game.open().pop_first().unwrap();
    game.answer(&second, &decide(json!({})));
    let data = Value::Object(game.result().unwrap().data);
    assert_eq!(data, json!({"lines": [2, 3, 4], "sum": 5, "sums": [2, 5]}));
}
