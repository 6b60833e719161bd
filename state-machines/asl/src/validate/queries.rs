//! Every place where a definition computes something.

use serde_json::{Map, Value};

use super::document::{Document, State};
use crate::diagnostic::join;
use crate::expression::{Expression, delimited};
use crate::intrinsic::{Argument, Call};
use crate::path::{Path, Root};
use crate::types::QueryLanguage;

pub(super) struct Query<'a> {
    pub(super) state: usize,
    /// The field within the state.
    pub(super) field: String,
    pub(super) text: &'a str,
    pub(super) parsed: Parsed,
}

pub(super) enum Parsed {
    Path(Path),
    Call(Call),
    Expression(Box<Expression>),
    Wrong(String),
}

impl Query<'_> {
    /// The variables that it reads, without `$states` and functions.
    pub(super) fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        match &self.parsed {
            Parsed::Path(path) => names.extend(variable(path)),
            Parsed::Call(call) => arguments(call, &mut names),
            Parsed::Expression(expression) => names.extend(expression.free_variables()),
            Parsed::Wrong(_) => {}
        }
        names
    }
}

fn variable(path: &Path) -> Option<&str> {
    match path.root() {
        Root::Variable(name) => Some(name),
        _ => None,
    }
}

fn arguments<'c>(call: &'c Call, names: &mut Vec<&'c str>) {
    for argument in call.arguments() {
        match argument {
            Argument::Path(path) => names.extend(variable(path)),
            Argument::Call(call) => arguments(call, names),
            Argument::Literal(_) => {}
        }
    }
}

/// Templates of JSONPath, and the fields that are paths as a whole.
const TEMPLATES: [&str; 7] = [
    "Parameters",
    "ResultSelector",
    "ItemSelector",
    "Assign",
    "Credentials",
    "ItemBatcher",
    "ItemReader",
];
const PATHS: [&str; 16] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "ErrorPath",
    "CausePath",
    "MaxItemsPath",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatchPath",
];
/// Fields of JSONata that may be or hold expressions.
const EXPRESSIONS: [&str; 18] = [
    "Arguments",
    "Assign",
    "Output",
    "Items",
    "ItemSelector",
    "Credentials",
    "Seconds",
    "Timestamp",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Error",
    "Cause",
    "ItemBatcher",
    "ItemReader",
    "ResultWriter",
];

pub(super) fn all<'a>(document: &Document<'a>) -> Vec<Query<'a>> {
    let mut queries = Vec::new();
    for (index, state) in document.states.iter().enumerate() {
        let mut found = Found {
            state: index,
            queries: &mut queries,
        };
        match state.language {
            QueryLanguage::JSONPath => json_path(state, &mut found),
            QueryLanguage::JSONata => jsonata(state, &mut found),
        }
    }
    queries
}

struct Found<'q, 'a> {
    state: usize,
    queries: &'q mut Vec<Query<'a>>,
}

fn json_path<'a>(state: &State<'a>, found: &mut Found<'_, 'a>) {
    for (name, value) in state.fields {
        if TEMPLATES.contains(&name.as_str()) || name == "ResultWriter" {
            found.template(value, name);
        } else if PATHS.contains(&name.as_str())
            && let Value::String(text) = value
        {
            found.path_or_call(
                text,
                name.clone(),
                matches!(name.as_str(), "ErrorPath" | "CausePath"),
            );
        }
    }
    for (index, catcher) in state.objects("Catch") {
        if let Some(Value::String(text)) = catcher.get("ResultPath") {
            found.path_or_call(text, format!("Catch/{index}/ResultPath"), false);
        }
        if let Some(assign) = catcher.get("Assign") {
            found.template(assign, &format!("Catch/{index}/Assign"));
        }
    }
    for (index, rule) in state.objects("Choices") {
        if let Some(assign) = rule.get("Assign") {
            found.template(assign, &format!("Choices/{index}/Assign"));
        }
        found.rule(rule, &format!("Choices/{index}"));
    }
}

fn jsonata<'a>(state: &State<'a>, found: &mut Found<'_, 'a>) {
    for (name, value) in state.fields {
        if EXPRESSIONS.contains(&name.as_str()) {
            found.expressions(value, name);
        }
    }
    for field in ["Catch", "Choices"] {
        for (index, entry) in state.objects(field) {
            for name in ["Assign", "Output", "Condition"] {
                if let Some(value) = entry.get(name) {
                    found.expressions(value, &format!("{field}/{index}/{name}"));
                }
            }
        }
    }
}

impl<'a> Found<'_, 'a> {
    fn add(&mut self, field: String, text: &'a str, parsed: Parsed) {
        self.queries.push(Query {
            state: self.state,
            field,
            text,
            parsed,
        });
    }

    fn path_or_call(&mut self, text: &'a str, field: String, calls: bool) {
        let parsed = if text.starts_with("States.") && calls {
            Call::parse(text)
                .map(Parsed::Call)
                .map_err(|error| error.to_string())
        } else {
            Path::parse(text)
                .map(Parsed::Path)
                .map_err(|error| error.to_string())
        };
        self.add(field, text, parsed.unwrap_or_else(Parsed::Wrong));
    }

    fn template(&mut self, value: &'a Value, field: &str) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let below = || join(field, name);
                    match value {
                        Value::String(text) if name.ends_with(".$") || PATHS.contains(&name.as_str()) => {
                            self.path_or_call(text, below(), true);
                        }
                        Value::Object(_) | Value::Array(_) => self.template(value, &below()),
                        _ => {}
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if item.is_object() || item.is_array() {
                        self.template(item, &format!("{field}/{index}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn rule(&mut self, rule: &'a Map<String, Value>, field: &str) {
        for (name, value) in rule {
            match value {
                Value::String(text) if name == "Variable" || name.ends_with("Path") => {
                    self.path_or_call(text, join(field, name), false);
                }
                Value::Object(test) if name == "Not" => self.rule(test, &join(field, name)),
                Value::Array(tests) if name == "And" || name == "Or" => {
                    for (index, test) in tests.iter().enumerate() {
                        if let Value::Object(test) = test {
                            self.rule(test, &format!("{field}/{name}/{index}"));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn expressions(&mut self, value: &'a Value, field: &str) {
        match value {
            Value::String(text) => {
                if let Some(source) = delimited(text) {
                    let parsed = Expression::parse(source).map(Box::new).map(Parsed::Expression);
                    self.add(
                        field.to_owned(),
                        text,
                        parsed.unwrap_or_else(|error| Parsed::Wrong(error.to_string())),
                    );
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.expressions(value, &join(field, name));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.expressions(item, &format!("{field}/{index}"));
                }
            }
            _ => {}
        }
    }
}
