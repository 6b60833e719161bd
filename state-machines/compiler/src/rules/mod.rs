//! What makes a document a workflow: one rule per file, each with its messages and its tests.

mod assignees;
mod boundaries;
mod calls;
mod catchers;
mod compensation;
mod conditions;
mod dangling_flows;
pub(crate) mod decisions;
mod due;
mod duplicate_ids;
mod durations;
mod ends;
mod event_gateways;
mod fields;
mod flow_scopes;
mod functions;
mod gateways;
mod identifiers;
mod links;
mod loops;
mod misplaced;
mod names;
mod outcomes;
mod reachability;
mod references;
mod starts;
mod timers;
mod uncaught;
mod ways_out;

#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeSet;

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::document::{Document, Flow, Kind, LooseEnd, Node};
use crate::graph::{Graph, NodeNo};
use crate::variables::Variables;

/// What the rules look at.
pub(crate) struct Subject<'d> {
    pub(crate) document: &'d Document,
    pub(crate) graph: Graph<'d>,
    pub(crate) catalog: &'d Catalog,
    /// The schema of the form, where the catalog has it.
    pub(crate) schema: Option<&'d Value>,
    pub(crate) variables: Variables,
    /// For each node, whether it is entered and left by flows of which the other end is not known.
    loose: Vec<(bool, bool)>,
}

/// What the rules found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The fields of the form that expressions read.
    pub(crate) reads: BTreeSet<String>,
}

/// None is the process.
type Scope<'d> = Option<(NodeNo, &'d Node)>;

type Rule = fn(&Subject<'_>, &mut Findings);

const RULES: [Rule; 28] = [
    identifiers::check,
    duplicate_ids::check,
    references::check,
    starts::check,
    ends::check,
    dangling_flows::check,
    flow_scopes::check,
    ways_out::check,
    gateways::check,
    outcomes::check,
    misplaced::check,
    reachability::check,
    loops::check,
    boundaries::check,
    links::check,
    conditions::check,
    assignees::check,
    fields::check,
    due::check,
    functions::check,
    calls::check,
    event_gateways::check,
    catchers::check,
    compensation::check,
    timers::check,
    names::check,
    uncaught::check,
    decisions::check,
];

impl<'d> Subject<'d> {
    pub(crate) fn new(document: &'d Document, catalog: &'d Catalog) -> Self {
        let graph = Graph::new(document);
        Self {
            document,
            loose: loose(document, &graph),
            graph,
            catalog,
            variables: Variables::new(document),
            schema: document.form.as_deref().and_then(|form| catalog.schema(form)),
        }
    }

    /// Whether a flow leads here of which it is not known where it comes from.
    fn is_entered_loosely(&self, no: NodeNo) -> bool {
        self.loose.get(no).is_some_and(|(entered, _)| *entered)
    }

    /// Whether flows may be missing only because they could not be read.
    fn may_lack_flows(&self) -> bool {
        let from_anywhere = |end: &LooseEnd| matches!(end, LooseEnd::To(_));
        self.document.is_partial || self.document.loose_ends.iter().any(from_anywhere)
    }

    /// Whether a flow leads from here of which it is not known where it goes.
    fn is_left_loosely(&self, no: NodeNo) -> bool {
        self.loose.get(no).is_some_and(|(_, left)| *left)
    }

    /// The process, and each sub-process.
    fn scopes(&self) -> impl Iterator<Item = Scope<'d>> {
        let sub_processes = self
            .graph
            .nodes()
            .filter(|(_, node)| matches!(node.kind, Kind::SubProcess { .. }));
        std::iter::once(None).chain(sub_processes.map(Some))
    }

    /// The nodes that stand directly in a scope.
    fn nodes_in(&self, scope: Scope<'_>) -> impl Iterator<Item = (NodeNo, &'d Node)> {
        self.graph.within(scope.map(|(no, _)| no))
    }

    pub(crate) fn check(&self) -> Findings {
        let mut findings = Findings::default();
        for rule in RULES {
            rule(self, &mut findings);
        }
        findings
    }
}

impl Findings {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

fn loose(document: &Document, graph: &Graph<'_>) -> Vec<(bool, bool)> {
    let mut loose = vec![(false, false); document.nodes.len()];
    let mut mark = |id: &str, entered: bool| {
        if let Some(node) = graph.find(id).and_then(|no| loose.get_mut(no)) {
            node.0 |= entered;
            node.1 |= !entered;
        }
    };
    for flow in &document.flows {
        match (graph.find(&flow.from), graph.find(&flow.to)) {
            (None, _) => mark(&flow.to, true),
            (_, None) => mark(&flow.from, false),
            _ => {}
        }
    }
    for end in &document.loose_ends {
        match end {
            LooseEnd::From(id) => mark(id, false),
            LooseEnd::To(id) => mark(id, true),
        }
    }
    loose
}

/// An error about a node as a whole.
fn about_node(code: &str, node: &Node, en: impl Into<String>, zh: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, &node.pointer, Text::new(en, zh)).node(&node.id)
}

/// An error about all nodes of a scope.
fn about_scope(code: &str, scope: Scope<'_>, en: impl Into<String>, zh: impl Into<String>) -> Diagnostic {
    match scope {
        None => at(Diagnostic::error(code, "", Text::new(en, zh)), "nodes"),
        Some((_, node)) => at(about_node(code, node, en, zh), "nodes"),
    }
}

/// An error about a flow as a whole; its node is the one that it leaves.
fn about_flow(code: &str, flow: &Flow, en: impl Into<String>, zh: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, &flow.pointer, Text::new(en, zh)).node(&flow.from)
}

/// Moves a diagnostic to an attribute of what it is about.
fn at(mut diagnostic: Diagnostic, attribute: &str) -> Diagnostic {
    diagnostic.pointer = crate::pointer::join(&diagnostic.pointer, attribute);
    diagnostic
}

fn with(mut diagnostic: Diagnostic, suggestion: Option<Text>) -> Diagnostic {
    diagnostic.suggestion = suggestion;
    diagnostic
}
