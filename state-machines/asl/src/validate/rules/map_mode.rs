//! A distributed Map says how its children run, and only it has their fields.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::document::is_distributed;
use crate::validate::report::Findings;

/// AWS lets an inline Map have tolerated failures, though it tolerates none.
const DISTRIBUTED: [&str; 4] = ["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in document
        .states
        .iter()
        .filter(|state| state.kind == Some(StateType::Map))
    {
        let processor = state
            .fields
            .get("ItemProcessor")
            .or_else(|| state.fields.get("Iterator"));
        let Some(processor) = processor.and_then(serde_json::Value::as_object) else {
            continue;
        };
        let config = processor.get("ProcessorConfig");
        let part = |name: &str| config.and_then(|config| config.get(name));
        if part("Mode").is_some_and(|mode| !matches!(mode.as_str(), Some("INLINE" | "DISTRIBUTED"))) {
            findings.error(
                document.at(state, "ItemProcessor/ProcessorConfig/Mode"),
                "Mode is INLINE or DISTRIBUTED",
            );
        }
        let execution_type = part("ExecutionType").and_then(serde_json::Value::as_str);
        if is_distributed(processor) {
            if !matches!(execution_type, Some("STANDARD" | "EXPRESS")) {
                let at = document.at(state, "ItemProcessor/ProcessorConfig");
                findings.error(at, "a distributed Map has an ExecutionType: STANDARD or EXPRESS");
            }
            continue;
        }
        if part("ExecutionType").is_some() {
            findings.error(
                document.at(state, "ItemProcessor/ProcessorConfig/ExecutionType"),
                "only a distributed Map has an ExecutionType",
            );
        }
        for name in DISTRIBUTED
            .iter()
            .filter(|name| state.fields.contains_key(**name))
        {
            findings.error(
                document.at(state, name),
                format!("only a distributed Map has {name}"),
            );
        }
    }
}
