//! The JSON Schema of the language says what parsing says.

use std::fs;
use std::sync::LazyLock;

use domain::diagnostic::Diagnostic;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::game::generate::{Features, of};
use super::language::examples;
use super::predefined::{catalog, home};
use crate::SCHEMA;
use crate::parse::read;
use crate::validate::check;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::validator_for(&schema).unwrap()
});

/// What the compiler says about the form alone, as far as a schema can say it: the widths of tables and the depth of
/// sub-processes are beyond it.
fn of_form(definition: &Value) -> Vec<String> {
    let (document, mut found) = read(&definition.to_string());
    if let Some(document) = &document {
        let rules = check(document, &catalog()).findings.diagnostics;
        found.extend(rules.into_iter().filter(is_of_form));
    }
    let is_width = |at: &str| at.ends_with("/when") || at.ends_with("/then");
    found
        .into_iter()
        .filter(|one| one.code != "LIMIT_NESTING" && !(one.code == "BAD_VALUE" && is_width(&one.pointer)))
        .map(|one| format!("{} {}", one.code, one.pointer))
        .collect()
}

/// What rules say that a schema can say as well. Names of variables depend on the fields of the form.
fn is_of_form(one: &Diagnostic) -> bool {
    match one.code.as_str() {
        "BAD_ID" | "NAME_TOO_LONG" | "BAD_CODE" => true,
        "BAD_NAME" => one.pointer.ends_with("/message/name") || one.pointer.ends_with("/signal/name"),
        _ => false,
    }
}

fn agree(definition: &Value) -> Result<(), String> {
    let compiler = of_form(definition);
    let schema: Vec<String> = VALIDATOR
        .iter_errors(definition)
        .map(|one| format!("{} {one}", one.instance_path()))
        .collect();
    if compiler.is_empty() == schema.is_empty() {
        return Ok(());
    }
    Err(format!(
        "compiler: {compiler:#?}\nschema: {schema:#?}\n{definition:#}"
    ))
}

#[test]
fn the_schema_is_one() {
    jsonschema::draft202012::meta::validate(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
}

#[test]
fn examples_and_predefined_workflows_agree() {
    for (_, text) in examples() {
        agree(&serde_json::from_str(&text).unwrap()).unwrap();
    }
    for entry in fs::read_dir(home().join("definitions")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".json") && !name.ends_with(".form.json") && name != "catalog.json" {
            let definition = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert!(VALIDATOR.is_valid(&definition), "{name}");
            agree(&definition).unwrap();
        }
    }
}

/// Definitions that between them have every type and attribute.
static BASES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let read = |(_, text): (_, String)| serde_json::from_str(&text).unwrap();
    examples().into_iter().map(read).chain([everything()]).collect()
});

/// No workflow, but every attribute is right.
fn everything() -> Value {
    json!({"key": "all", "name": {"en": "All", "zh": "全部"}, "form": "f", "flows": [
        {"from": "a", "to": "b", "when": "x", "outcome": "o", "default": false, "name": "n"},
    ], "nodes": [
        {"id": "a", "type": "startEvent"},
        {"id": "b", "type": "startEvent", "interrupting": false, "timer": {"timeCycle": {"expression": "x"}}},
        {"id": "c", "type": "endEvent", "status": "rejected", "error": {"code": "e"}},
        {"id": "d", "type": "endEvent", "terminate": true},
        {"id": "e", "type": "userTask", "assign": [{"starter": "self"}, {"user": "u"}, {"role": "r"}],
            "candidates": [{"user": "u"}], "vote": {"ratio": 0.5}, "outcomes": ["a", "b"], "fields": {"x": "read"},
            "due": {"within": "PT1H"}, "whenNoAssignee": "skip", "whenStarterIsAssignee": "skip",
            "multiInstance": {"collection": "x", "element": "y", "sequential": true, "completionCondition": "z",
                "output": {"o": "p"}}},
        {"id": "f", "type": "serviceTask", "http": {"method": "GET", "url": "u", "headers": {"X-A": "b"}, "body": "c"},
            "retry": {"attempts": 2, "seconds": 3}, "writes": ["w"], "isForCompensation": true},
        {"id": "g", "type": "serviceTask", "queue": {"name": "q", "body": "b"}},
        {"id": "h", "type": "sendTask", "message": {"name": "m", "correlation": "c", "data": {"d": "e"}}},
        {"id": "i", "type": "receiveTask", "message": {"name": "m", "correlation": "c", "writes": ["w"]}},
        {"id": "j", "type": "scriptTask", "script": {"v": "1"}},
        {"id": "k", "type": "businessRuleTask", "decision": {"hitPolicy": "COLLECT", "aggregation": "SUM",
            "inputs": [{"expression": "x", "name": "n"}],
            "outputs": [{"name": "o", "values": ["a", 1, true], "default": "1"}],
            "rules": [{"when": ["-"], "then": ["1"]}]}},
        {"id": "l", "type": "intermediateCatchEvent", "link": {"name": "l"}},
        {"id": "m", "type": "intermediateThrowEvent", "compensation": {"activity": "a"}},
        {"id": "n", "type": "boundaryEvent", "attachedTo": "e", "error": {"code": "c"}},
        {"id": "o", "type": "boundaryEvent", "attachedTo": "e", "compensation": {"handler": "f"}},
        {"id": "p", "type": "boundaryEvent", "attachedTo": "e", "interrupting": false, "signal": {"name": "s", "writes": []}},
        {"id": "q", "type": "subProcess", "triggeredByEvent": true, "flows": [{"from": "r", "to": "r"}],
            "nodes": [{"id": "r", "type": "parallelGateway", "name": "n"}]},
        {"id": "s", "type": "callActivity", "calledElement": "c", "in": {"a": "b"}, "out": {"c": "d"}, "status": "e"},
    ]})
}

/// Values that are right in some place and wrong in others.
fn values() -> impl Strategy<Value = Value> {
    let texts = [
        "", "a", "a b", " ", "\u{7}", "x\ny", "GET", "FIRST", "COLLECT", "skip", "any", "self", "数",
    ];
    let types = [
        "startEvent",
        "endEvent",
        "boundaryEvent",
        "userTask",
        "subProcess",
        "transaction",
        "task",
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
        prop::sample::select(types.to_vec()).prop_map(Value::from),
        prop::sample::select(vec![
            json!(null),
            json!(true),
            json!(false),
            json!(0),
            json!(1),
            json!(0.5),
            json!(21),
            json!([]),
            json!([1]),
            json!({}),
            json!(["a"]),
            json!([""]),
            json!([{}]),
            json!({"a": "b"}),
            json!({"a": 1}),
            json!({"": "b"}),
            json!({"code": "a"}),
            json!({"code": "States.Timeout"}),
            json!({"code": "1a"}),
            json!({"name": "a b"}),
            json!({"name": "a"}),
            json!({"expression": "a"}),
            json!({"timeDate": "a"}),
            json!({"en": "a", "zh": "b"}),
            json!({"en": "a"}),
            json!("x".repeat(64)),
            json!("x".repeat(65)),
            json!("数".repeat(201)),
            json!({"role": "a"}),
            json!([{"role": "a"}]),
            json!({"ratio": 1}),
            json!({"collection": "a"}),
            json!([{"id": "x", "type": "endEvent"}]),
        ]),
    ]
}

#[derive(Debug, Clone)]
struct Change {
    place: usize,
    how: u8,
    name: usize,
    value: Value,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (any::<usize>(), 0_u8..4, any::<usize>(), values());
    let change = change.prop_map(|(place, how, name, value)| Change {
        place,
        how,
        name,
        value,
    });
    prop::collection::vec(change, 1..3)
}

/// Replaces a part, takes it out, or puts in an attribute that stands elsewhere.
fn change(definition: &mut Value, change: &Change) {
    let mut pointers = Vec::new();
    let mut names = Vec::new();
    collect(definition, String::new(), &mut pointers, &mut names);
    let pointer = &pointers[change.place % pointers.len()];
    if change.how == 3 {
        let (name, value) = &names[change.name % names.len()];
        if let Some(Value::Object(fields)) = definition.pointer_mut(pointer) {
            fields.insert(name.clone(), value.clone());
            return;
        }
    }
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match definition.pointer_mut(parent).unwrap() {
        Value::Object(fields) if change.how == 0 => drop(fields.shift_remove(name)),
        Value::Object(fields) => drop(fields.insert(name.to_owned(), change.value.clone())),
        Value::Array(list) if change.how == 0 => drop(list.remove(name.parse().unwrap())),
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = change.value.clone(),
        other => panic!("{other}"),
    }
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>, names: &mut Vec<(String, Value)>) {
    let mut each = |name: &str, value: &Value| {
        let at = format!("{at}/{name}");
        pointers.push(at.clone());
        collect(value, at, pointers, names);
    };
    match value {
        Value::Array(list) => (0..)
            .zip(list)
            .for_each(|(i, value): (usize, _)| each(&i.to_string(), value)),
        // What needs escaping is not worth a mutation.
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.contains(['/', '~'])) {
                each(name, value);
            }
            names.extend(fields.clone());
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_schema_says_what_parsing_says(base in any::<usize>(), list in changes()) {
        let mut definition = BASES[base % BASES.len()].clone();
        for one in &list {
            if definition.is_object() && definition.as_object().is_some_and(|fields| !fields.is_empty()) {
                change(&mut definition, one);
            }
        }
        prop_assert_eq!(agree(&definition), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_game_plays_has_the_form_of_the_language(dice in prop::collection::vec(any::<u16>(), 0..160)) {
        let definition = of(Features::ALL, &dice, &[], Vec::new()).definition;
        prop_assert_eq!(of_form(&definition), Vec::<String>::new());
        prop_assert_eq!(agree(&definition), Ok(()));
    }
}

#[test]
fn everything_is_accepted_by_both() {
    assert_eq!(of_form(&everything()), Vec::<String>::new());
    agree(&everything()).unwrap();
}
