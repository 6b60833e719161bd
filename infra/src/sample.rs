//! The sample events. Those of endpoints follow from the OpenAPI document; those of handlers are written by hand, since
//! there the content matters.

mod body;
mod schema;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use runtime::{Access, Endpoint};
use serde_json::{Map, Value, json};

use crate::artifact::{Artifacts, stems};
use crate::function::{Function, Kind};

const FOLDER: &str = "events";
const HOST: &str = "api.example.com";
/// Of whatever has one.
const ID: &str = "01a5f2c8-7b40-7c3d-9e21-5b8d0e6a4c11";

pub(crate) fn add(
    artifacts: &mut Artifacts,
    root: &Path,
    document: &Value,
    functions: &[Function<'_>],
) -> Result<()> {
    let mut there = stems(root, FOLDER, "json")?;
    for function in functions {
        let path = PathBuf::from(format!("{FOLDER}/{}.json", function.id()));
        let exists = there.remove(function.id());
        match function.kind {
            Kind::Endpoint(endpoint) => {
                let event = serde_json::to_string_pretty(&request(document, endpoint)?)?;
                artifacts.put(path, event + "\n");
            }
            Kind::Handler(_) if exists => {}
            Kind::Handler(_) => {
                artifacts.missing.insert(path);
            }
        }
    }
    let stale = there
        .into_iter()
        .map(|stem| PathBuf::from(format!("{FOLDER}/{stem}.json")));
    artifacts.stale.extend(stale);
    Ok(())
}

/// A request as an HTTP API hands it over (payload format 2.0).
fn request(document: &Value, endpoint: &Endpoint) -> Result<Value> {
    let operation = document
        .pointer(&format!(
            "/paths/{}/{}",
            endpoint.path.replace('/', "~1"),
            endpoint.method.to_lowercase()
        ))
        .with_context(|| format!("{} is not in the document", endpoint.operation.id))?;
    let parameters = parameters(document, endpoint, operation);
    let path = parameters
        .path
        .iter()
        .fold(endpoint.path.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
        });
    let query: Vec<String> = parameters
        .query
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    let route = format!("{} {}", endpoint.method, endpoint.path);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query.join("&"),
        "headers": headers(endpoint, operation, parameters.header),
        "requestContext": context(endpoint, &route, &path),
        "isBase64Encoded": false,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = event.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if !query.is_empty() {
        set("queryStringParameters", Value::Object(parameters.query));
    }
    if !parameters.path.is_empty() {
        set("pathParameters", Value::Object(parameters.path));
    }
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        let body = body::of(&endpoint.operation.id).unwrap_or_else(|| schema::sample(document, schema));
        set("body", Value::String(body.to_string()));
    }
    Ok(event)
}

#[derive(Debug, Default)]
struct Parameters {
    path: Map<String, Value>,
    query: Map<String, Value>,
    header: Map<String, Value>,
}

/// Those of the path, and of the others those that have an example or must be there.
fn parameters(document: &Value, endpoint: &Endpoint, operation: &Value) -> Parameters {
    let mut parameters = Parameters::default();
    let declared = operation.get("parameters").and_then(Value::as_array);
    for parameter in declared.into_iter().flatten() {
        let text = |member: &str| parameter.get(member).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let required = parameter.get("required") == Some(&Value::Bool(true));
        let example = || {
            let schema = parameter.get("schema")?;
            let given = parameter
                .get("example")
                .or_else(|| schema.get("example"))
                .cloned();
            given.or_else(|| required.then(|| schema::sample(document, schema)))
        };
        match text("in") {
            "path" => parameters
                .path
                .insert(name.to_owned(), path_parameter(&endpoint.path, name).into()),
            "query" => example().and_then(|value| parameters.query.insert(name.to_owned(), as_text(value))),
            // What every request has is put there for all.
            "header" => {
                example().and_then(|value| parameters.header.insert(name.to_lowercase(), as_text(value)))
            }
            _ => None,
        };
    }
    parameters
}

fn as_text(value: Value) -> Value {
    match value {
        Value::String(_) => value,
        other => Value::String(other.to_string()),
    }
}

/// One that stands in the path, by what it names.
fn path_parameter(path: &str, name: &str) -> String {
    let collection = path.split("/{").next().and_then(|path| path.rsplit('/').next());
    match (collection.unwrap_or_default(), name) {
        (_, "version") => "1".to_owned(),
        ("forms", "key") => "expense-claim".to_owned(),
        ("roles", "key") => "approver".to_owned(),
        ("ticket-types", "key") => "expense".to_owned(),
        (_, "key") => "expense-approval".to_owned(),
        ("tasks", "id") => format!("{ID}~manager~1"),
        ("payments", "id") => format!("{ID}~pay~1"),
        _ => ID.to_owned(),
    }
}

fn headers(endpoint: &Endpoint, operation: &Value, declared: Map<String, Value>) -> Value {
    let mut headers = json!({
        "accept": "application/json",
        "accept-language": "en",
        "host": HOST,
        "user-agent": "sample",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(members) = headers.as_object_mut() {
        if operation.get("requestBody").is_some() {
            members.insert("content-type".to_owned(), "application/json".into());
        }
        if endpoint.access != Access::Public {
            // To be replaced by one that is signed with the deployment's key.
            members.insert("authorization".to_owned(), "Bearer ACCESS_TOKEN".into());
        }
        members.extend(declared);
    }
    headers
}

fn context(endpoint: &Endpoint, route: &str, path: &str) -> Value {
    json!({
        "accountId": "123456789012",
        "apiId": "api",
        "domainName": HOST,
        "domainPrefix": "api",
        "http": {
            "method": endpoint.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.7",
            "userAgent": "sample",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": route,
        "stage": "$default",
        "time": "20/Nov/2026:08:00:00 +0000",
        "timeEpoch": 1_795_161_600_000_i64,
    })
}
