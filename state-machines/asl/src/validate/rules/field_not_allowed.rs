//! A state has the fields of its type and no others.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

const COMMON: &[&str] = &["Type", "Comment", "QueryLanguage"];

fn fields(kind: StateType) -> &'static [&'static str] {
    match kind {
        StateType::Pass => &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "Result",
            "ResultPath",
            "Assign",
            "Output",
            "Next",
            "End",
        ],
        StateType::Task => &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "Arguments",
            "Resource",
            "Credentials",
            "ResultSelector",
            "ResultPath",
            "TimeoutSeconds",
            "TimeoutSecondsPath",
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
            "Retry",
            "Catch",
            "Assign",
            "Output",
            "Next",
            "End",
        ],
        StateType::Choice => &[
            "InputPath",
            "OutputPath",
            "Choices",
            "Default",
            "Assign",
            "Output",
        ],
        StateType::Wait => &[
            "InputPath",
            "OutputPath",
            "Seconds",
            "SecondsPath",
            "Timestamp",
            "TimestampPath",
            "Assign",
            "Output",
            "Next",
            "End",
        ],
        StateType::Succeed => &["InputPath", "OutputPath", "Output"],
        StateType::Fail => &["Error", "ErrorPath", "Cause", "CausePath"],
        StateType::Parallel => &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "Arguments",
            "Branches",
            "ResultSelector",
            "ResultPath",
            "Retry",
            "Catch",
            "Assign",
            "Output",
            "Next",
            "End",
        ],
        StateType::Map => &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "Items",
            "ItemsPath",
            "ItemSelector",
            "ItemReader",
            "ItemBatcher",
            "ItemProcessor",
            "Iterator",
            "ResultWriter",
            "Label",
            "MaxConcurrency",
            "MaxConcurrencyPath",
            "ToleratedFailureCount",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
            "ResultSelector",
            "ResultPath",
            "Retry",
            "Catch",
            "Assign",
            "Output",
            "Next",
            "End",
        ],
    }
}

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        let Some(kind) = state.kind else { continue };
        let allowed = fields(kind);
        for name in state.fields.keys() {
            if !allowed.contains(&name.as_str()) && !COMMON.contains(&name.as_str()) {
                findings.error(
                    document.at(state, name),
                    format!("a {} state has no field '{name}'", kind.name()),
                );
            }
        }
    }
    const TOP: [&str; 6] = [
        "Comment",
        "StartAt",
        "States",
        "Version",
        "TimeoutSeconds",
        "QueryLanguage",
    ];
    for name in document
        .fields
        .keys()
        .filter(|name| !TOP.contains(&name.as_str()))
    {
        findings.warning(
            format!("/{name}"),
            format!("a state machine has no field '{name}'"),
        );
    }
}
