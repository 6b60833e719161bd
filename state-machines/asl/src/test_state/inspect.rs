//! What happened on the way, in the words of `inspectionData`.

use serde_json::{Map, Value, json};

use super::request::Request;
use crate::machine::Kind;
use crate::run::probe::{Probe, Stand};
use crate::types::QueryLanguage;

pub(super) fn before(probe: &Probe<'_>, request: &Request) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("input".to_owned(), text(&request.input));
    if request.variables_given {
        data.insert(
            "variables".to_owned(),
            text(&Value::Object(request.variables.clone())),
        );
    }
    let node = probe.node();
    let made = matches!(node.kind, Kind::Pass(Some(_)));
    if node.language == QueryLanguage::JSONPath && !made && !matches!(node.kind, Kind::Parallel(_)) {
        put(&mut data, "afterInputPath", probe.effective());
    }
    if let Kind::Map(map) = &node.kind {
        if node.language == QueryLanguage::JSONPath {
            put(&mut data, "afterItemsPath", probe.items());
            put(&mut data, "afterItemSelector", probe.selected_items());
        }
        let number = |quantity| probe.number(quantity);
        data.insert(
            "maxConcurrency".to_owned(),
            crate::value::number(number(map.max_concurrency.as_ref()).unwrap_or_default()),
        );
        if let Some(count) = number(map.tolerated_count.as_ref()) {
            data.insert("toleratedFailureCount".to_owned(), crate::value::number(count));
        }
        if let Some(percentage) = number(map.tolerated_percentage.as_ref()) {
            data.insert("toleratedFailurePercentage".to_owned(), percentage.into());
        }
    }
    match (&node.kind, node.language) {
        (Kind::Pass(None) | Kind::Task(_), QueryLanguage::JSONPath) => {
            put(&mut data, "afterParameters", probe.arguments());
        }
        (Kind::Task(_), QueryLanguage::JSONata) => put(&mut data, "afterArguments", probe.arguments()),
        _ => {}
    }
    match &node.kind {
        Kind::Pass(Some(result)) if node.language == QueryLanguage::JSONPath => {
            data.insert("result".to_owned(), text(result));
            after(probe, result, &mut data);
        }
        Kind::Pass(None) if node.language == QueryLanguage::JSONPath => {
            if let Some(result) = probe.arguments() {
                after(probe, &result, &mut data);
            }
        }
        _ => {}
    }
    data
}

fn put(data: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        data.insert(name.to_owned(), text(&value));
    }
}

/// The API tells data as JSON text.
fn text(value: &Value) -> Value {
    value.to_string().into()
}

pub(super) fn result(probe: &Probe<'_>, result: &Value, data: &mut Map<String, Value>) {
    if matches!(probe.node().kind, Kind::Task(_)) {
        data.insert("result".to_owned(), text(result));
    }
    if probe.node().language == QueryLanguage::JSONPath {
        after(probe, result, data);
    }
}

fn after(probe: &Probe<'_>, result: &Value, data: &mut Map<String, Value>) {
    if let Some((selected, combined)) = probe.after_result(result) {
        data.insert("afterResultSelector".to_owned(), text(&selected));
        data.insert("afterResultPath".to_owned(), text(&combined));
    }
}

pub(super) fn errors(data: &mut Map<String, Value>, stand: &Stand) {
    let details = match stand {
        Stand::Exited {
            caught: Some((_, _, index)),
            ..
        } => json!({"catchIndex": index}),
        Stand::Failed {
            retry_index: Some(index),
            ..
        } => json!({"retryIndex": index}),
        Stand::Retrying { index, seconds, .. } => {
            json!({"retryIndex": index, "retryBackoffIntervalSeconds": crate::value::number(*seconds)})
        }
        _ => return,
    };
    data.insert("errorDetails".to_owned(), details);
}
