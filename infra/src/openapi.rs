//! The OpenAPI document as a file.

use anyhow::Result;
use runtime::Service;
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

pub(crate) fn document(services: &[Service]) -> Result<Value> {
    let mut document = runtime::openapi::document(services);
    // The macros collect the schemas of bodies, not those that a parameter alone refers to.
    let components = document.components.get_or_insert_default();
    let view = (
        tasks::list_tasks::View::name().into_owned(),
        tasks::list_tasks::View::schema(),
    );
    components.schemas.extend([view]);
    Ok(serde_json::to_value(document)?)
}

pub(crate) fn text(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
