//! An item reader reads from a resource, in a form that Step Functions knows.

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

const FORMS: [&str; 5] = ["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in document
        .states
        .iter()
        .filter(|state| state.kind == Some(StateType::Map))
    {
        let Some(reader) = state
            .fields
            .get("ItemReader")
            .and_then(serde_json::Value::as_object)
        else {
            continue;
        };
        if !reader.contains_key("Resource") {
            findings.error(
                document.at(state, "ItemReader"),
                "These fields are required: [Resource]",
            );
        }
        let Some(config) = reader.get("ReaderConfig") else {
            continue;
        };
        let text = |name: &str| config.get(name).map(|value| value.as_str().unwrap_or_default());
        let mut tell = |field: &str, message: &str| {
            findings.error(
                document.at(state, &format!("ItemReader/ReaderConfig{field}")),
                message,
            );
        };
        if text("InputType").is_some_and(|form| !FORMS.contains(&form)) {
            tell("/InputType", "InputType is CSV, JSON, JSONL, MANIFEST or PARQUET");
        }
        match text("CSVHeaderLocation") {
            Some("FIRST_ROW") | None => {}
            Some("GIVEN") if config.get("CSVHeaders").is_some_and(serde_json::Value::is_array) => {}
            Some("GIVEN") => tell("", "CSVHeaders are required where their location is GIVEN"),
            Some(_) => tell("/CSVHeaderLocation", "CSVHeaderLocation is FIRST_ROW or GIVEN"),
        }
        if config.get("MaxItems").is_some() && config.get("MaxItemsPath").is_some() {
            tell("", "MaxItems and MaxItemsPath exclude each other");
        }
    }
}
