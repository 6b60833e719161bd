//! [`Document`] to [`Workflow`].

use domain::diagnostic::{Diagnostic, Severity};
use domain::text::Text;

use crate::catalog::Catalog;
use crate::document::Document;
use crate::resolve::resolve;
use crate::rules::{Findings, Subject};
use crate::workflow::Workflow;

/// Holds a document against every rule.
///
/// # Errors
///
/// Everything that is wrong, warnings included.
pub fn validate(document: Document, catalog: &Catalog) -> Result<Workflow, Vec<Diagnostic>> {
    check(&document, catalog).into_workflow()
}

pub(crate) fn check<'d>(document: &'d Document, catalog: &'d Catalog) -> Checked<'d> {
    let subject = Subject::new(document, catalog);
    let findings = subject.check();
    Checked { subject, findings }
}

/// A document with what the rules found.
pub(crate) struct Checked<'d> {
    subject: Subject<'d>,
    pub(crate) findings: Findings,
}

impl Checked<'_> {
    pub(crate) fn into_workflow(self) -> Result<Workflow, Vec<Diagnostic>> {
        let Findings { diagnostics, reads } = self.findings;
        if diagnostics.iter().any(|one| one.severity == Severity::Error) {
            return Err(diagnostics);
        }
        let resolved = resolve(self.subject.document, &self.subject.graph, reads, diagnostics);
        resolved.map_err(|found| found.unwrap_or_else(|| vec![missed()]))
    }
}

/// A hole in the rules, told instead of a panic.
fn missed() -> Diagnostic {
    Diagnostic::error(
        "NOT_COMPILED",
        "",
        Text::new(
            "The compiler cannot make a machine of this and does not know why; please report it.",
            "编译器无法由此生成状态机，原因未知；请报告此问题。",
        ),
    )
}
