//! The OpenAPI document as a file.

use anyhow::Result;
use runtime::Service;
use serde_json::Value;

pub(crate) fn document(services: &[Service]) -> Result<Value> {
    Ok(serde_json::to_value(runtime::openapi::document(services))?)
}

pub(crate) fn text(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
