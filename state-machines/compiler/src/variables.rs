//! What a definition sets beside the fields of its form, and where that is known.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::document::{Document, Event, Kind, Node};
use crate::pointer::{index, join};

/// Set while `completionCondition` is evaluated.
const COUNTERS: [&str; 3] = ["nrOfInstances", "nrOfCompletedInstances", "loopCounter"];

/// The names that a definition sets.
#[derive(Debug)]
pub(crate) struct Variables {
    everywhere: BTreeSet<String>,
    /// Some may be set that could not be read.
    pub(crate) is_partial: bool,
}

impl Variables {
    pub(crate) fn new(document: &Document) -> Self {
        let nodes = &document.nodes;
        let unread = |node: &Node| matches!(node.kind, Kind::Rule(None) | Kind::Refused);
        Self {
            everywhere: nodes
                .iter()
                .flat_map(set_by)
                .map(|(_, name)| name.to_owned())
                .collect(),
            is_partial: document.is_partial || nodes.iter().any(unread),
        }
    }

    /// Those that can be read at `node`; with `inside`, in an iteration of it.
    pub(crate) fn at(&self, document: &Document, node: &Node, inside: bool) -> Cow<'_, BTreeSet<String>> {
        let mut known = Cow::Borrowed(&self.everywhere);
        let mut around = if inside {
            Some(node)
        } else {
            parent(document, node)
        };
        while let Some(node) = around {
            let many = node.multi_instance.as_ref();
            if let Some(element) = many.and_then(|many| many.element.clone()) {
                known.to_mut().insert(element);
            }
            around = parent(document, node);
        }
        known
    }

    /// As [`at`](Self::at), for the `completionCondition` of `node`.
    pub(crate) fn at_completion(&self, document: &Document, node: &Node) -> Cow<'_, BTreeSet<String>> {
        let mut known = self.at(document, node, false);
        known.to_mut().extend(COUNTERS.map(str::to_owned));
        known
    }
}

fn parent<'d>(document: &'d Document, node: &Node) -> Option<&'d Node> {
    document.nodes.get(node.parent?)
}

/// The fields and variables that a node sets, each with the pointer to where it is named.
pub(crate) fn set_by(node: &Node) -> Vec<(String, &str)> {
    let at = |name| join(&node.pointer, name);
    let mut all = match &node.kind {
        Kind::Script(script) => keys(&at("script"), script),
        Kind::Rule(Some(decision)) => decision
            .outputs
            .iter()
            .map(|output| (join(&output.pointer, "name"), output.name.as_str()))
            .collect(),
        Kind::Service(task) => entries(&at("writes"), &task.writes),
        Kind::Catch(event) => of_event(node, event),
        Kind::Boundary(boundary) => of_event(node, &boundary.event),
        Kind::Start(Some(start)) => of_event(node, &start.event),
        Kind::Call(call) => {
            let mut all = keys(&at("out"), &call.output);
            all.extend(call.status.iter().map(|name| (at("status"), name.as_str())));
            all
        }
        _ => Vec::new(),
    };
    if let Some(many) = &node.multi_instance {
        all.extend(keys(&join(&at("multiInstance"), "output"), &many.output));
    }
    all
}

fn of_event<'d>(node: &Node, event: &'d Event) -> Vec<(String, &'d str)> {
    let at = |name| join(&join(&node.pointer, name), "writes");
    match event {
        Event::Message(message) => entries(&at("message"), &message.writes),
        Event::Signal { writes, .. } => entries(&at("signal"), writes),
        _ => Vec::new(),
    }
}

fn keys<'d>(at: &str, assignments: &'d [(String, String)]) -> Vec<(String, &'d str)> {
    let one = |(name, _): &'d (String, String)| (join(at, name), name.as_str());
    assignments.iter().map(one).collect()
}

fn entries<'d>(at: &str, names: &'d [String]) -> Vec<(String, &'d str)> {
    let one = |(i, name): (usize, &'d String)| (index(at, i), name.as_str());
    names.iter().enumerate().map(one).collect()
}
