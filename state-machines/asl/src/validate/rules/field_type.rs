//! Each field has the JSON type that the language gives it.

use serde_json::{Map, Value};

use crate::diagnostic::join;
use crate::expression::delimited;
use crate::types::{QueryLanguage, StateType};
use crate::validate::document::{Document, State};
use crate::validate::report::Findings;

/// The fields of states, and what they may be. Fields of JSONata may be an expression as well.
const TYPES: &[(&str, &[Shape])] = &[
    ("Type", &[Shape::Text]),
    ("Comment", &[Shape::Text]),
    ("Next", &[Shape::Text]),
    ("End", &[Shape::Bool]),
    ("Default", &[Shape::Text]),
    ("Resource", &[Shape::Text]),
    ("InputPath", &[Shape::Text, Shape::Null]),
    ("OutputPath", &[Shape::Text, Shape::Null]),
    ("ResultPath", &[Shape::Text, Shape::Null]),
    ("ItemsPath", &[Shape::Text]),
    ("SecondsPath", &[Shape::Text]),
    ("Timestamp", &[Shape::Text]),
    ("TimestampPath", &[Shape::Text]),
    ("TimeoutSecondsPath", &[Shape::Text]),
    ("HeartbeatSecondsPath", &[Shape::Text]),
    ("MaxConcurrencyPath", &[Shape::Text]),
    ("ToleratedFailureCountPath", &[Shape::Text]),
    ("ToleratedFailurePercentagePath", &[Shape::Text]),
    ("Error", &[Shape::Text]),
    ("ErrorPath", &[Shape::Text]),
    ("Cause", &[Shape::Text]),
    ("CausePath", &[Shape::Text]),
    ("Label", &[Shape::Text]),
    ("Seconds", &[Shape::Number, Shape::Expression]),
    ("TimeoutSeconds", &[Shape::Number, Shape::Expression]),
    ("HeartbeatSeconds", &[Shape::Number, Shape::Expression]),
    ("MaxConcurrency", &[Shape::Number, Shape::Expression]),
    ("ToleratedFailureCount", &[Shape::Number, Shape::Expression]),
    ("ToleratedFailurePercentage", &[Shape::Number, Shape::Expression]),
    ("Assign", &[Shape::Object]),
    ("Items", &[Shape::Array, Shape::Object, Shape::Expression]),
    ("Retry", &[Shape::Array]),
    ("Catch", &[Shape::Array]),
    ("Choices", &[Shape::Array]),
    ("Branches", &[Shape::Array]),
    ("ItemProcessor", &[Shape::Object]),
    ("Iterator", &[Shape::Object]),
    ("ItemReader", &[Shape::Object]),
    ("ItemBatcher", &[Shape::Object]),
    ("ResultWriter", &[Shape::Object]),
];

/// The fields of what states hold.
const INNER: &[(&str, &[Shape])] = &[
    ("Comment", &[Shape::Text]),
    ("Next", &[Shape::Text]),
    ("ResultPath", &[Shape::Text, Shape::Null]),
    ("Assign", &[Shape::Object]),
    ("ProcessorConfig", &[Shape::Object]),
    ("Mode", &[Shape::Text]),
    ("ExecutionType", &[Shape::Text]),
    ("Resource", &[Shape::Text]),
    ("ReaderConfig", &[Shape::Object]),
    ("WriterConfig", &[Shape::Object]),
    ("MaxItemsPath", &[Shape::Text]),
    ("MaxItemsPerBatch", &[Shape::Number, Shape::Expression]),
    ("MaxItemsPerBatchPath", &[Shape::Text]),
    ("MaxInputBytesPerBatch", &[Shape::Number, Shape::Expression]),
    ("MaxInputBytesPerBatchPath", &[Shape::Text]),
    ("Variable", &[Shape::Text]),
];

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Text,
    Number,
    Bool,
    Null,
    Object,
    Array,
    Expression,
}

impl Shape {
    fn fits(self, value: &Value, language: QueryLanguage) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Bool => value.is_boolean(),
            Self::Null => value.is_null(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::Expression => {
                language == QueryLanguage::JSONata
                    && value.as_str().is_some_and(|text| delimited(text).is_some())
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Expression => "a JSONata expression",
        }
    }
}

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for scope in &document.scopes {
        let pointer = || document.scope_pointer(scope);
        match scope.fields.get("States") {
            Some(Value::Object(states)) => {
                for (name, _) in states.iter().filter(|(_, state)| !state.is_object()) {
                    findings.error(
                        join(&format!("{}/States", pointer()), name),
                        "a state is an object",
                    );
                }
            }
            Some(_) => findings.error(format!("{}/States", pointer()), "States is an object"),
            None => {}
        }
        if scope
            .fields
            .get("StartAt")
            .is_some_and(|start| !start.is_string())
        {
            findings.error(format!("{}/StartAt", pointer()), "StartAt is a string");
        }
    }
    if document
        .fields
        .get("Comment")
        .is_some_and(|comment| !comment.is_string())
    {
        findings.error("/Comment", "Comment is a string");
    }
    for state in &document.states {
        look(document, state, "", state.fields, TYPES, findings);
        for list in ["Retry", "Catch", "Choices"] {
            for (index, entry) in state.objects(list) {
                look(
                    document,
                    state,
                    &format!("{list}/{index}/"),
                    entry,
                    INNER,
                    findings,
                );
            }
        }
        for field in [
            "ItemProcessor",
            "Iterator",
            "ItemReader",
            "ItemBatcher",
            "ResultWriter",
        ] {
            let Some(Value::Object(inner)) = state.fields.get(field) else {
                continue;
            };
            look(document, state, &format!("{field}/"), inner, INNER, findings);
            for config in ["ProcessorConfig", "ReaderConfig"] {
                if let Some(Value::Object(config_fields)) = inner.get(config) {
                    look(
                        document,
                        state,
                        &format!("{field}/{config}/"),
                        config_fields,
                        INNER,
                        findings,
                    );
                }
            }
        }
        let branches = state.objects("Branches");
        for (index, branch) in branches.filter(|_| state.kind == Some(StateType::Parallel)) {
            look(
                document,
                state,
                &format!("Branches/{index}/"),
                branch,
                INNER,
                findings,
            );
        }
    }
}

fn look<'a>(
    document: &Document<'a>,
    state: &State<'a>,
    at: &str,
    fields: &Map<String, Value>,
    types: &[(&str, &[Shape])],
    findings: &mut Findings<'_>,
) {
    for (name, value) in fields {
        let Some((_, shapes)) = types.iter().find(|(field, _)| field == name) else {
            continue;
        };
        if !shapes.iter().any(|shape| shape.fits(value, state.language)) {
            let names: Vec<&str> = shapes.iter().map(|shape| shape.name()).collect();
            findings.error(
                document.at(state, &format!("{at}{name}")),
                format!("{name} is {}", names.join(" or ")),
            );
        }
    }
}
