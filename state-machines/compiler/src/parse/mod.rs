//! Text to [`Document`]: types, attributes and closed lists of words. What one part needs of another is the
//! business of the rules.

mod attributes;
mod flow;
mod json;
mod node;
mod task;

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::{Map, Value};

use crate::document::Document;
use crate::pointer;
use crate::vocabulary::Place;
use attributes::Attributes;

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
    if !fields.contains_key("form") {
        root.missing("form");
    }
    let mut document = Document {
        key: key.clone(),
        name,
        form,
        nodes: Vec::new(),
        flows: Vec::new(),
        is_partial: false,
        loose_ends: Vec::new(),
    };
    let nodes = section(&mut root, fields, "nodes");
    let flows = section(&mut root, fields, "flows");
    root.finish();
    document.is_partial = nodes.is_none() || flows.is_none();
    for (i, value) in nodes.into_iter().flatten().enumerate() {
        match node::read(value, pointer::index("/nodes", i), found) {
            Some(node) => document.nodes.push(node),
            None => document.is_partial = true,
        }
    }
    for (i, value) in flows.into_iter().flatten().enumerate() {
        match flow::read(value, pointer::index("/flows", i), found) {
            Ok(flow) => document.flows.push(flow),
            Err(Some(end)) => document.loose_ends.push(end),
            Err(None) => document.is_partial = true,
        }
    }
    Some(document)
}

fn section<'v>(
    root: &mut Attributes<'v, '_>,
    fields: &Map<String, Value>,
    name: &'static str,
) -> Option<&'v Vec<Value>> {
    if !fields.contains_key(name) {
        root.missing(name);
    }
    root.list(name)
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
