//! Names of errors that start with `States.` are the language's own.

use crate::validate::document::Document;
use crate::validate::report::Findings;

const KNOWN: [&str; 17] = [
    "States.ALL",
    "States.HeartbeatTimeout",
    "States.Timeout",
    "States.TaskFailed",
    "States.Permissions",
    "States.ResultPathMatchFailure",
    "States.ParameterPathFailure",
    "States.BranchFailed",
    "States.NoChoiceMatched",
    "States.IntrinsicFailure",
    "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed",
    "States.ResultWriterFailed",
    "States.QueryEvaluationError",
    "States.DataLimitExceeded",
    "States.Runtime",
    "States.Http.Socket",
];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        for list in ["Retry", "Catch"] {
            for (index, entry) in state.objects(list) {
                let names = entry.get("ErrorEquals").and_then(serde_json::Value::as_array);
                for name in names.into_iter().flatten().filter_map(serde_json::Value::as_str) {
                    if name.starts_with("States.") && !KNOWN.contains(&name) {
                        let at = document.at(state, &format!("{list}/{index}/ErrorEquals"));
                        findings.warning(at, format!("the language knows no error '{name}'"));
                    }
                }
            }
        }
    }
}
