//! `GET /auth/jwks`

use axum::Json;
use axum::extract::State;
use runtime::{Access, App, Endpoint, token};
use serde_json::{Value, json};
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    Endpoint::new(Access::Public, vec![], routes!(get_jwks))
}

/// The keys that verify access tokens
///
/// A JSON Web Key Set (RFC 7517). Without the envelope: its readers are libraries.
#[utoipa::path(get, path = "/api/v1/auth/jwks",
    responses((status = 200, description = "The key set", content_type = "application/jwk-set+json", body = Object)))]
async fn get_jwks(State(app): State<App>) -> Json<Value> {
    Json(json!({ "keys": [token::jwk(&app.config)] }))
}
