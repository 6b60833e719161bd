//! Event definitions.

use serde_json::{Map, Value, json};

use super::expression::Fields;
use super::names::{Names, id};
use super::xml::Element;

/// What an event is about, as attributes of our node. `throws`: it makes it happen; else it waits for it.
pub(super) fn attributes(
    event: &Element,
    throws: bool,
    names: &Names,
    fields: &mut Fields,
    handler: Option<String>,
) -> Map<String, Value> {
    let mut found = Map::new();
    for definition in &event.children {
        let Some(kind) = definition.name.strip_suffix("EventDefinition") else {
            continue;
        };
        let (kind, value) = match kind {
            "timer" => ("timer", timer(definition, fields)),
            "message" => ("message", named(definition, "messageRef", event, throws, names)),
            "signal" => ("signal", named(definition, "signalRef", event, throws, names)),
            "error" => ("error", code(definition, "errorRef", names)),
            "escalation" => ("escalation", code(definition, "escalationRef", names)),
            "link" => (
                "link",
                json!({"name": definition.attribute("name").unwrap_or_default()}),
            ),
            "terminate" => ("terminate", json!(true)),
            "compensate" => ("compensation", compensation(definition, handler.as_deref())),
            // What our language does not have keeps its name.
            other => (other, json!({})),
        };
        found.insert(kind.to_owned(), value);
    }
    found
}

pub(super) fn message(name: &str, throws: bool) -> Value {
    if throws {
        json!({"name": name, "data": {}})
    } else {
        json!({"name": name, "writes": []})
    }
}

fn named(definition: &Element, reference: &str, event: &Element, throws: bool, names: &Names) -> Value {
    let name = definition
        .attribute(reference)
        .map(|reference| names.get(reference));
    let name = name.unwrap_or_else(|| event.attribute("id").unwrap_or_default().to_owned());
    message(&name, throws)
}

fn code(definition: &Element, reference: &str, names: &Names) -> Value {
    match definition.attribute(reference) {
        Some(reference) => json!({"code": names.get(reference)}),
        None => json!({}),
    }
}

fn compensation(definition: &Element, handler: Option<&str>) -> Value {
    match (handler, definition.attribute("activityRef")) {
        (Some(handler), _) => json!({"handler": handler}),
        (None, Some(activity)) => json!({"activity": id(activity)}),
        (None, None) => json!({}),
    }
}

fn timer(definition: &Element, fields: &mut Fields) -> Value {
    let mut timer = Map::new();
    for kind in ["timeDuration", "timeDate", "timeCycle"] {
        let Some(element) = definition.child(kind) else {
            continue;
        };
        let text = element.text.trim();
        let value = match fields.value(text, "string") {
            Some(expression) => json!({"expression": expression}),
            // The engines take a time without a zone as theirs.
            None if kind == "timeDate" && text.ends_with(|letter: char| letter.is_ascii_digit()) => {
                format!("{text}Z").into()
            }
            None => text.into(),
        };
        timer.insert(kind.to_owned(), value);
    }
    Value::Object(timer)
}
