//! The only version of the language is 1.0.

use crate::validate::document::Document;
use crate::validate::report::Findings;

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    if document
        .fields
        .get("Version")
        .is_some_and(|version| version.as_str() != Some("1.0"))
    {
        findings.error("/Version", "Version is 1.0");
    }
}
