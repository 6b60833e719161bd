//! The document says of each operation what its readers need.

use std::collections::{BTreeMap, BTreeSet};

use runtime::Access;
use serde_json::Value;

use super::document;

/// Operations that anybody may call. This list may only shrink.
const PUBLIC: &[&str] = &[
    "get_health",
    "get_jwks",
    "get_openapi",
    "login",
    "refresh_session",
];
/// Operations whose readers are tools, which know no envelope.
const BARE: &[&str] = &["get_jwks", "get_openapi", "get_workflow_schema"];

fn operations(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().values();
        operations.map(move |operation| (path, operation))
    })
}

fn id(operation: &Value) -> &str {
    operation["operationId"].as_str().unwrap()
}

#[test]
fn operations_are_described() {
    let document = document();
    let declared: BTreeMap<String, Access> = functions::endpoints()
        .into_iter()
        .map(|endpoint| (endpoint.operation.id.clone(), endpoint.access))
        .collect();
    for (path, operation) in operations(&document) {
        let id = id(operation);
        assert!(
            operation["summary"].is_string(),
            "{id}: no summary, the doc comment's first line"
        );
        let permission = match declared[id] {
            Access::Permission(permission) => Some(permission.as_str()),
            Access::Public | Access::SignedIn => None,
        };
        assert_eq!(operation["x-permission"].as_str(), permission, "{id}");
        let bearer = operation["security"][0].get("bearer").is_some();
        assert_eq!(bearer, declared[id] != Access::Public, "{id}: security");
        let described: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let in_path: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(described, in_path, "{id}: parameters of the path");
    }
    let ids: BTreeSet<&str> = operations(&document)
        .map(|(_, operation)| id(operation))
        .collect();
    assert_eq!(ids, declared.keys().map(String::as_str).collect());
}

#[test]
fn answers_are_in_the_envelope() {
    let document = document();
    for (_, operation) in operations(&document) {
        let id = id(operation);
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{id}: never succeeds"
        );
        for (status, response) in responses {
            let schema = &response["content"]["application/json"]["schema"];
            if status.starts_with('2') {
                let data = schema.pointer("/properties/data").is_some();
                assert_eq!(data, !BARE.contains(&id), "{id} {status}: the envelope");
            } else {
                assert_eq!(schema["$ref"], "#/components/schemas/Failure", "{id} {status}");
            }
        }
    }
}

#[test]
fn public_operations_are_known() {
    let public: BTreeSet<String> = functions::endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.access == Access::Public)
        .map(|endpoint| endpoint.operation.id.clone())
        .collect();
    assert_eq!(public, PUBLIC.iter().map(|id| (*id).to_owned()).collect());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut missing = BTreeSet::new();
    each_reference(&document, &mut |reference| {
        if document.pointer(reference.trim_start_matches('#')).is_none() {
            missing.insert(reference.to_owned());
        }
    });
    assert!(
        missing.is_empty(),
        "{missing:?}: a type that only a parameter names needs #[param(inline)] there"
    );
}

fn each_reference(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found(reference);
            }
            members.values().for_each(|member| each_reference(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| each_reference(element, found)),
        _ => {}
    }
}

#[test]
fn a_schemas_name_means_one_thing() {
    let mut schemas: BTreeMap<String, (String, Value)> = BTreeMap::new();
    for endpoint in functions::endpoints() {
        for (name, schema) in &endpoint.schemas {
            let id = endpoint.operation.id.clone();
            let schema = serde_json::to_value(schema).unwrap();
            let (first, there) = schemas
                .entry(name.clone())
                .or_insert((id.clone(), schema.clone()));
            assert_eq!(
                *there, schema,
                "{first} and {id} have different schemas named {name}"
            );
        }
    }
}
