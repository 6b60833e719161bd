//! The nodes and flows of the process and of every sub-process in it.

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::{Map, Value};

use super::{flow, node};
use crate::document::{Document, Kind};
use crate::pointer;

/// Reading is recursive, and nobody reads a drawing with more frames in each other.
const DEEPEST: usize = 16;

/// Where a scope stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) at: &'a str,
    /// The sub-process, by its place in the document.
    pub(super) parent: Option<usize>,
    /// How many sub-processes are around.
    pub(super) depth: usize,
}

pub(super) fn read(
    fields: &Map<String, Value>,
    scope: Scope<'_>,
    document: &mut Document,
    found: &mut Vec<Diagnostic>,
) {
    let list = |name| fields.get(name).and_then(Value::as_array);
    let (nodes, flows) = (list("nodes"), list("flows"));
    document.is_partial |= nodes.is_none() || flows.is_none();
    let at = pointer::join(scope.at, "nodes");
    for (i, value) in nodes.into_iter().flatten().enumerate() {
        one(value, pointer::index(&at, i), scope, document, found);
    }
    let at = pointer::join(scope.at, "flows");
    for (i, value) in flows.into_iter().flatten().enumerate() {
        match flow::read(value, pointer::index(&at, i), scope.parent, found) {
            Ok(flow) => document.flows.push(flow),
            Err(Some(end)) => document.loose_ends.push(end),
            Err(None) => document.is_partial = true,
        }
    }
}

fn one(value: &Value, at: String, scope: Scope<'_>, document: &mut Document, found: &mut Vec<Diagnostic>) {
    let Some(node) = node::read(value, at.clone(), scope.parent, found) else {
        document.is_partial = true;
        return;
    };
    let is_scope = matches!(node.kind, Kind::SubProcess { .. });
    let number = document.nodes.len();
    document.nodes.push(node);
    match value {
        Value::Object(fields) if is_scope && scope.depth < DEEPEST => {
            let inner = Scope {
                at: &at,
                parent: Some(number),
                depth: scope.depth + 1,
            };
            read(fields, inner, document, found);
        }
        Value::Object(fields) if is_scope => {
            document.is_partial = true;
            found.push(too_deep(&at, fields));
        }
        _ => {}
    }
}

fn too_deep(at: &str, fields: &Map<String, Value>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        "LIMIT_NESTING",
        at,
        Text::new(
            format!("Sub-processes may lie in each other {DEEPEST} deep."),
            format!("子流程最多嵌套 {DEEPEST} 层。"),
        ),
    );
    diagnostic.node = fields.get("id").and_then(Value::as_str).map(str::to_owned);
    diagnostic
}
