use crate::diagnostic::{Diagnostic, Severity};

/// What the rules found.
#[derive(Default)]
pub(super) struct Report(Vec<Diagnostic>);

/// The report in the hands of one rule.
pub(super) struct Findings<'r> {
    report: &'r mut Report,
    code: &'static str,
}

impl Report {
    pub(super) fn of(&mut self, code: &'static str) -> Findings<'_> {
        Findings { report: self, code }
    }

    /// In the order of the rules, errors first.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.0.sort_by_key(|diagnostic| diagnostic.severity);
        self.0
    }
}

impl Findings<'_> {
    pub(super) fn error(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, pointer, message);
    }

    pub(super) fn warning(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, pointer, message);
    }

    fn add(&mut self, severity: Severity, pointer: impl Into<String>, message: impl Into<String>) {
        self.report.0.push(Diagnostic {
            code: self.code.to_owned(),
            severity,
            pointer: pointer.into(),
            message: message.into(),
        });
    }
}
