//! Text to [`Document`]: types, attributes and closed lists of words. What one part needs of another is the
//! business of the rules.

mod activity;
mod attributes;
mod decision;
mod event;
mod flow;
mod json;
mod node;
mod scope;
mod service;
mod task;
mod throw;
mod values;

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::{Map, Value};

use crate::document::Document;
use crate::vocabulary::Place;
use attributes::Attributes;
use scope::Scope;

/// Reads a definition, strictly: with anything to complain about there is no document.
///
/// # Errors
///
/// Every error of form at once.
pub fn parse(text: &str) -> Result<Document, Vec<Diagnostic>> {
    match read(text) {
        (Some(document), found) if found.is_empty() => Ok(document),
        (_, found) => Err(found),
    }
}

/// Reads as much as can be read. No document: this is not a definition at all.
pub(crate) fn read(text: &str) -> (Option<Document>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let document = match json::read(text, &mut found) {
        Ok(Value::Object(fields)) => definition(&fields, &mut found),
        Ok(_) => {
            found.push(not_a_definition(
                "",
                "A definition is a JSON object.",
                "定义必须是 JSON 对象。",
            ));
            None
        }
        Err(error) => {
            found = vec![not_json(&error)];
            None
        }
    };
    (document, found)
}

fn definition(fields: &Map<String, Value>, found: &mut Vec<Diagnostic>) -> Option<Document> {
    let Some(Value::String(key)) = fields.get("key") else {
        found.push(not_a_definition(
            if fields.contains_key("key") { "/key" } else { "" },
            "A definition has a `key`, a string.",
            "定义必须有字符串类型的 `key`。",
        ));
        return None;
    };
    let mut root = Attributes::new(fields, "", Place::Definition, found);
    root.take("key");
    let name = root.name();
    let form = root.string("form").map(str::to_owned);
    root.require("form");
    let mut document = Document {
        key: key.clone(),
        name,
        form,
        nodes: Vec::new(),
        flows: Vec::new(),
        is_partial: false,
        loose_ends: Vec::new(),
    };
    for list in ["nodes", "flows"] {
        root.require(list);
        root.list(list);
    }
    root.finish();
    let process = Scope {
        at: "",
        parent: None,
        depth: 0,
    };
    scope::read(fields, process, &mut document, found);
    Some(document)
}

pub(crate) const NOT_JSON: &str = "NOT_JSON";
pub(crate) const NOT_A_DEFINITION: &str = "NOT_A_DEFINITION";

fn not_json(error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(
        NOT_JSON,
        "",
        Text::new(
            format!("This is not JSON: {error}."),
            format!(
                "这不是合法的 JSON（第 {} 行第 {} 列）：{error}。",
                error.line(),
                error.column()
            ),
        ),
    )
}

fn not_a_definition(at: &str, en: &str, zh: &str) -> Diagnostic {
    Diagnostic::error(NOT_A_DEFINITION, at, Text::new(en, zh))
}

#[cfg(test)]
mod tests;
