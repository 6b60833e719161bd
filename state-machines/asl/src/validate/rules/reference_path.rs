//! Where one place is meant, the path names one place.

use crate::path::Root;
use crate::validate::document::Document;
use crate::validate::queries::Parsed;
use crate::validate::report::Findings;

const FIELDS: [&str; 8] = [
    "ResultPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for query in document.queries() {
        let (Parsed::Path(path), Some(state)) = (&query.parsed, document.states.get(query.state)) else {
            continue;
        };
        let name = query.field.rsplit('/').next().unwrap_or_default();
        if !FIELDS.contains(&name) {
            continue;
        }
        if !path.is_reference() {
            findings.error(
                document.at(state, &query.field),
                format!("{name} is a reference path: '{}' is not", query.text),
            );
        } else if name == "ResultPath" && *path.root() != Root::Input {
            findings.error(
                document.at(state, &query.field),
                "a result is put into the input: the path starts with '$.'",
            );
        }
    }
}
