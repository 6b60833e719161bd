//! `GET /workflow-schema`

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use runtime::{Access, Endpoint};
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    Endpoint::new(Access::SignedIn, vec![], routes!(get_workflow_schema))
}

/// Get the JSON Schema of workflow definitions
///
/// Draft 2020-12. What a definition's parts need of each other is told by validating it (`POST /workflows/{key}/validate`). Without the
/// envelope: its readers are tools.
#[utoipa::path(get, path = "/api/v1/workflow-schema",
    responses((status = 200, description = "The schema", content_type = "application/schema+json", body = Object)))]
async fn get_workflow_schema() -> Response {
    let mut response = compiler::SCHEMA.into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/schema+json"),
    );
    response
}
