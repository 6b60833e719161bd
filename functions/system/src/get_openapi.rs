//! `GET /openapi.json`

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use runtime::{Access, Endpoint};
use utoipa_axum::routes;

/// Written by `cargo xtask codegen` from what the operations declare.
const DOCUMENT: &str = include_str!("../../../infra/openapi.json");

pub fn endpoint() -> Endpoint {
    Endpoint::new(Access::Public, vec![], routes!(get_openapi))
}

/// Get this document
///
/// Without the envelope: its readers are tools.
#[utoipa::path(get, path = "/api/v1/openapi.json",
    responses((status = 200, description = "The OpenAPI document", content_type = "application/vnd.oai.openapi+json", body = Object)))]
async fn get_openapi() -> Response {
    let mut response = DOCUMENT.into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
