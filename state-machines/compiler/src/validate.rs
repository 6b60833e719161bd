//! [`Document`] to [`Workflow`].

use domain::diagnostic::{Diagnostic, Severity};
use domain::text::Text;

use crate::catalog::Catalog;
use crate::document::{Document, EndEvent, Event, Kind, Node, Thrown};
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
        let later = not_lowered_yet(self.subject.document);
        if !later.is_empty() {
            return Err(later);
        }
        let resolved = resolve(self.subject.document, &self.subject.graph, reads, diagnostics);
        resolved.map_err(|found| found.unwrap_or_else(|| vec![missed()]))
    }
}

/// What is right and has no machine yet, so that nothing is translated to less than it says.
pub(crate) fn not_lowered_yet(document: &Document) -> Vec<Diagnostic> {
    let is_lowered = |node: &&Node| match &node.kind {
        Kind::Service(task) => !task.is_for_compensation,
        Kind::Throw(Thrown::Compensation { .. }) => false,
        Kind::End(end) => !matches!(end.event, Some(EndEvent::Compensation { .. })),
        Kind::Boundary(boundary) => {
            !matches!(boundary.event, Event::Compensation { .. })
                && (boundary.interrupting || !matches!(boundary.event, Event::Escalation { .. }))
        }
        Kind::Start(Some(start)) => start.interrupting || !matches!(start.event, Event::Escalation { .. }),
        _ => true,
    };
    let text = Text::new(
        "This is right, but no machine is made of it yet.",
        "此处写法正确，但尚不能生成状态机。",
    );
    let later = document.nodes.iter().filter(|node| !is_lowered(node));
    later
        .map(|node| Diagnostic::error(NOT_LOWERED_YET, &node.pointer, text.clone()).node(&node.id))
        .collect()
}

/// The code of [`not_lowered_yet`].
pub(crate) const NOT_LOWERED_YET: &str = "NOT_SUPPORTED_YET";

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
