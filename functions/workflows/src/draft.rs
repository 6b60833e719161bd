//! A workflow as its authors see it, with what is wrong with it.

use domain::diagnostic::{Diagnostic, Severity};
use domain::error::Detail;
use domain::workflow::Workflow;
use runtime::envelope::FailureDetail;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A workflow's draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct Draft {
    #[serde(flatten)]
    pub workflow: Workflow,
    /// What keeps it from being published, or is worth a look.
    pub diagnostics: Vec<DiagnosticView>,
}

/// One thing that is wrong in a definition.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiagnosticView {
    severity: SeverityView,
    #[serde(flatten)]
    detail: FailureDetail,
}

/// Only an error keeps a definition from being published.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityView {
    Error,
    Warning,
}

/// In the language of the request.
pub fn views(diagnostics: &[Diagnostic]) -> Vec<DiagnosticView> {
    let language = runtime::request::current().language;
    let view = |diagnostic: &Diagnostic| DiagnosticView {
        severity: match diagnostic.severity {
            Severity::Error => SeverityView::Error,
            Severity::Warning => SeverityView::Warning,
        },
        detail: FailureDetail::new(&Detail::from(diagnostic.clone()), language),
    };
    diagnostics.iter().map(view).collect()
}
