//! Tests of rules: a definition in which one thing is wrong, and what is said about it.

use serde_json::{Value, json};

use crate::catalog::Catalog;

/// A workflow in which nothing is wrong: start → ask → size → (pay | end).
pub(crate) fn sound() -> Value {
    json!({
        "key": "expense", "name": {"en": "Expense", "zh": "报销"}, "form": "claim",
        "nodes": [
            {"id": "start", "type": "startEvent"},
            {"id": "ask", "type": "userTask", "assign": [{"starter": "leader"}], "fields": {"note": "write"}},
            {"id": "size", "type": "exclusiveGateway"},
            {"id": "pay", "type": "serviceTask", "lambda": "create-payment"},
            {"id": "end", "type": "endEvent"},
            {"id": "no", "type": "endEvent", "status": "rejected"},
        ],
        "flows": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": "size", "outcome": "approve"},
            {"from": "ask", "to": "no", "outcome": "reject"},
            {"from": "size", "to": "pay", "when": "amount > 5000"},
            {"from": "size", "to": "end", "default": true},
            {"from": "pay", "to": "end"},
        ],
    })
}

pub(crate) fn catalog() -> Catalog {
    Catalog::new()
        .form(
            "claim",
            json!({
                "type": "object",
                "required": ["amount"],
                "properties": {
                    "amount": {"type": "number"},
                    "note": {"type": "string"},
                    "currency": {"enum": ["CNY", "EUR", "USD"]},
                    "urgent": {"type": "boolean"},
                    "rate": {"type": ["number", "null"]},
                    "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
                    "anything": {},
                },
            }),
        )
        .role("director")
        .function("create-payment")
        .workflow("payout")
}

/// `code pointer (node)` of everything that reading and the rules say about a definition.
pub(crate) fn told(definition: &Value) -> Vec<String> {
    let (document, mut found) = crate::parse::read(&definition.to_string());
    let catalog = catalog();
    if let Some(document) = &document {
        found.extend(crate::validate::check(document, &catalog).findings.diagnostics);
    }
    found.sort_by_cached_key(|one| crate::pointer::reading_order(&one.pointer));
    let say = |one: domain::diagnostic::Diagnostic| {
        assert!(one.message.get(domain::text::Language::Zh) != one.message.get(domain::text::Language::En));
        let node = one.node.map(|node| format!(" ({node})")).unwrap_or_default();
        format!("{} {}{node}", one.code, one.pointer)
    };
    found.into_iter().map(say).collect()
}

/// [`told`] about the sound workflow where JSON texts are put in at pointers (`-` at the end appends).
#[track_caller]
pub(crate) fn check(changes: &[(&str, &str)], expected: &[&str]) {
    let mut definition = sound();
    for (pointer, text) in changes {
        put(&mut definition, pointer, serde_json::from_str(text).unwrap());
    }
    assert_eq!(told(&definition), expected, "{changes:?}");
}

/// [`told`] about a process of a `start`, an `end` and further nodes (from `/nodes/2` on), with [`flows`].
#[track_caller]
pub(crate) fn process(nodes: Value, flows: &[&str], expected: &[&str]) {
    let definition = json!({
        "key": "expense", "form": "claim", "nodes": scope(nodes), "flows": self::flows(flows),
    });
    assert_eq!(told(&definition), expected, "{definition:#}");
}

/// The nodes of a sub-process: a start and an end, whose ids end with the letter, and others.
pub(crate) fn sub(id: &str, nodes: Value, flows: &[&str]) -> Value {
    let mut all = vec![
        json!({"id": format!("start-{id}"), "type": "startEvent"}),
        json!({"id": format!("end-{id}"), "type": "endEvent"}),
    ];
    all.extend(list(nodes));
    json!({"id": id, "type": "subProcess", "nodes": all, "flows": self::flows(flows)})
}

/// As [`sub`], an event sub-process whose start is for `event`.
pub(crate) fn event_sub(id: &str, event: Value, nodes: Value, flows: &[&str]) -> Value {
    let mut sub = sub(id, nodes, flows);
    sub["triggeredByEvent"] = true.into();
    for (name, value) in event.as_object().unwrap() {
        sub["nodes"][0][name] = value.clone();
    }
    sub
}

fn scope(nodes: Value) -> Vec<Value> {
    let mut all = vec![
        json!({"id": "start", "type": "startEvent"}),
        json!({"id": "end", "type": "endEvent"}),
    ];
    all.extend(list(nodes));
    all
}

fn list(nodes: Value) -> Vec<Value> {
    match nodes {
        Value::Array(nodes) => nodes,
        other => vec![other],
    }
}

/// Flows written `start > ask > end`, the last of them with attributes (`size > pay {"when": "true"}`).
fn flows(chains: &[&str]) -> Vec<Value> {
    let mut flows = Vec::new();
    for chain in chains {
        let (ids, attributes) = chain.split_at(chain.find('{').unwrap_or(chain.len()));
        let ids: Vec<&str> = ids.split('>').map(str::trim).collect();
        flows.extend(ids.windows(2).map(|pair| json!({"from": pair[0], "to": pair[1]})));
        if !attributes.is_empty() {
            let attributes: Value = serde_json::from_str(attributes).unwrap();
            let flow = flows.last_mut().and_then(Value::as_object_mut).unwrap();
            flow.extend(attributes.as_object().unwrap().clone());
        }
    }
    flows
}

fn put(definition: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match definition.pointer_mut(parent).unwrap() {
        Value::Array(list) if name == "-" => list.push(value),
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        Value::Object(fields) => drop(fields.insert(name.to_owned(), value)),
        other => panic!("{pointer}: {other}"),
    }
}

#[test]
fn nothing_is_said_about_a_sound_workflow() {
    check(&[], &[]);
}
