//! What makes a document a workflow: one rule per file, each with its messages and its tests.

mod assignees;
mod conditions;
mod dangling_flows;
mod due;
mod duplicate_ids;
mod ends;
mod fields;
mod functions;
mod gateways;
mod identifiers;
mod loops;
mod misplaced;
mod outcomes;
mod reachability;
mod references;
mod starts;
mod ways_out;

#[cfg(test)]
mod testing;

use std::collections::BTreeSet;

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::document::{Document, Flow, Node};
use crate::graph::Graph;

/// What the rules look at.
pub(crate) struct Subject<'d> {
    pub(crate) document: &'d Document,
    pub(crate) graph: Graph<'d>,
    pub(crate) catalog: &'d Catalog,
    /// The schema of the form, where the catalog has it.
    pub(crate) schema: Option<&'d Value>,
}

/// What the rules found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The fields that conditions read.
    pub(crate) reads: BTreeSet<String>,
}

type Rule = fn(&Subject<'_>, &mut Findings);

const RULES: [Rule; 17] = [
    identifiers::check,
    duplicate_ids::check,
    references::check,
    starts::check,
    ends::check,
    dangling_flows::check,
    ways_out::check,
    gateways::check,
    outcomes::check,
    misplaced::check,
    reachability::check,
    loops::check,
    conditions::check,
    assignees::check,
    fields::check,
    due::check,
    functions::check,
];

impl<'d> Subject<'d> {
    pub(crate) fn new(document: &'d Document, catalog: &'d Catalog) -> Self {
        Self {
            document,
            graph: Graph::new(document),
            catalog,
            schema: document.form.as_deref().and_then(|form| catalog.schema(form)),
        }
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

/// An error about a node as a whole.
fn about_node(code: &str, node: &Node, en: impl Into<String>, zh: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, &node.pointer, Text::new(en, zh)).node(&node.id)
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
