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
}

/// `code pointer (node)` of everything that is said about the sound workflow after `change`.
pub(crate) fn said(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut definition = sound();
    change(&mut definition);
    crate::diagnose(&definition.to_string(), &catalog())
        .into_iter()
        .map(|one| {
            assert!(
                one.message.get(domain::text::Language::Zh) != one.message.get(domain::text::Language::En)
            );
            let node = one.node.map(|node| format!(" ({node})")).unwrap_or_default();
            format!("{} {}{node}", one.code, one.pointer)
        })
        .collect()
}

/// As [`said`], where JSON texts are put in at pointers (`-` at the end appends).
pub(crate) fn check(changes: &[(&str, &str)], expected: &[&str]) {
    let said = said(|definition| {
        for (pointer, text) in changes {
            put(definition, pointer, serde_json::from_str(text).unwrap());
        }
    });
    assert_eq!(said, expected, "{changes:?}");
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
