//! Drawings are XML, and show every node.

use domain::text::Language;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::json;

use super::game::generate::{Features, of};
use super::language::examples;
use crate::{Document, parse, svg};

/// The ids of the nodes that are drawn; panics where it is no XML.
fn drawn(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let mut ids = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    if attribute.key.as_ref() == "data-node" {
                        ids.push(attribute.value.into_owned());
                    }
                }
            }
            _ => {}
        }
    }
    ids.sort();
    ids
}

fn ids(document: &Document) -> Vec<String> {
    let mut ids: Vec<String> = document.nodes.iter().map(|node| node.id.clone()).collect();
    ids.sort();
    ids
}

/// Something of everything.
const ORDER: &str = r#"{
  "key": "order", "name": { "en": "Order", "zh": "订购" }, "form": "f",
  "nodes": [
    { "id": "start", "type": "startEvent", "name": { "en": "Wanted", "zh": "提出需求" } },
    { "id": "write", "type": "userTask", "assign": [{ "starter": "self" }], "name": { "en": "Write it down", "zh": "填写订购单" } },
    { "id": "read", "type": "userTask", "assign": [{ "role": "r" }], "name": { "en": "Read by the head of department", "zh": "部门负责人审阅" } },
    { "id": "late", "type": "boundaryEvent", "attachedTo": "read", "interrupting": false, "timer": { "timeDuration": "P1D" } },
    { "id": "told", "type": "endEvent", "message": { "name": "m" } },
    { "id": "size", "type": "exclusiveGateway", "name": { "en": "Much?", "zh": "金额大？" } },
    { "id": "buy", "type": "subProcess", "name": { "en": "Buy", "zh": "采购" }, "multiInstance": { "collection": "c" },
      "nodes": [
        { "id": "begin", "type": "startEvent" },
        { "id": "fork", "type": "parallelGateway" },
        { "id": "pay", "type": "serviceTask", "lambda": "pay" },
        { "id": "goods", "type": "receiveTask", "message": { "name": "g" } },
        { "id": "join", "type": "parallelGateway" },
        { "id": "bought", "type": "endEvent" }
      ],
      "flows": [
        { "from": "begin", "to": "fork" }, { "from": "fork", "to": "pay" }, { "from": "fork", "to": "goods" },
        { "from": "pay", "to": "join" }, { "from": "goods", "to": "join" }, { "from": "join", "to": "bought" }
      ] },
    { "id": "broke", "type": "boundaryEvent", "attachedTo": "buy", "error": {} },
    { "id": "undo", "type": "boundaryEvent", "attachedTo": "buy", "compensation": { "handler": "back" } },
    { "id": "back", "type": "serviceTask", "lambda": "back", "isForCompensation": true },
    { "id": "end", "type": "endEvent" },
    { "id": "no", "type": "endEvent", "status": "rejected", "terminate": true },
    { "id": "stop", "type": "subProcess", "triggeredByEvent": true, "name": { "en": "Withdrawn", "zh": "撤回" },
      "nodes": [
        { "id": "asked", "type": "startEvent", "signal": { "name": "s" } },
        { "id": "gone", "type": "endEvent", "compensation": {} }
      ],
      "flows": [{ "from": "asked", "to": "gone" }] }
  ],
  "flows": [
    { "from": "start", "to": "write" },
    { "from": "write", "to": "read" },
    { "from": "read", "to": "write", "outcome": "return" },
    { "from": "read", "to": "size", "outcome": "accept" },
    { "from": "late", "to": "told" },
    { "from": "size", "to": "buy", "when": "amount > 5000" },
    { "from": "size", "to": "end", "default": true },
    { "from": "buy", "to": "end" },
    { "from": "broke", "to": "no" }
  ]
}"#;

#[test]
fn a_drawing_stays_as_it_is() {
    insta::assert_snapshot!(svg(&parse(ORDER).unwrap(), Language::En));
}

#[test]
fn every_example_is_drawn() {
    for (_, text) in examples() {
        if let Ok(document) = parse(&text) {
            assert_eq!(drawn(&svg(&document, Language::Zh)), ids(&document), "{text}");
        }
    }
}

#[test]
fn names_are_no_markup_and_flows_to_nowhere_are_not_drawn() {
    let definition = json!({
        "key": "k", "name": "a<b>\u{0}", "form": "f",
        "nodes": [
            {"id": "a", "type": "userTask", "assign": [{"role": "r"}], "name": {"en": "<&\">", "zh": "审批"}},
            {"id": "b", "type": "boundaryEvent", "attachedTo": "b", "error": {}},
            {"id": "c", "type": "boundaryEvent", "attachedTo": "nobody", "error": {}},
            {"id": "s", "type": "subProcess", "nodes": [], "flows": [{"from": "a", "to": "a"}]},
        ],
        "flows": [
            {"from": "a", "to": "a", "outcome": "<again>"}, {"from": "a", "to": "nowhere"}, {"from": "c", "to": "c"},
        ],
    });
    let document = parse(&definition.to_string()).unwrap();
    for language in [Language::En, Language::Zh] {
        assert_eq!(drawn(&svg(&document, language)), ["a", "b", "c", "s"]);
    }
    assert!(svg(&document, Language::Zh).contains("审批"));
}

#[test]
fn long_chains_need_no_stack_and_little_time() {
    let nodes: Vec<_> = (0..5000)
        .map(|i| json!({"id": format!("n{i}"), "type": "exclusiveGateway"}))
        .collect();
    let flows: Vec<_> = (0..5000)
        .map(|i| json!({"from": format!("n{i}"), "to": format!("n{}", (i * 7 + 1) % 5000)}))
        .chain((1..5000).map(|i| json!({"from": format!("n{}", i - 1), "to": format!("n{i}")})))
        .collect();
    let definition = json!({"key": "k", "form": "f", "nodes": nodes, "flows": flows});
    let document = parse(&definition.to_string()).unwrap();
    assert_eq!(drawn(&svg(&document, Language::En)).len(), 5000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_played_can_be_drawn(dice in prop::collection::vec(any::<u16>(), 0..160)) {
        let definition = of(Features::ALL, &dice, &[], Vec::new()).definition;
        let document = parse(&definition.to_string()).unwrap();
        prop_assert_eq!(drawn(&svg(&document, Language::En)), ids(&document));
    }
}
