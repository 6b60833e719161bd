//! `POST /auth/logout`

use axum::extract::State;
use runtime::extract::Json;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, secret, table};
use serde::{Deserialize, Serialize};
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::session::{RefreshToken, dead};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {
    refresh_token: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedOut {
    logged_out: bool,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![table(Table::Identity, "GetItem DeleteItem")];
    Endpoint::new(Access::SignedIn, grants, routes!(end_session))
}

/// Sign out
///
/// The refresh token dies at once; the access token lives out its hour. Signing out twice is signing out once.
#[utoipa::path(post, path = "/api/v1/auth/logout", request_body = Logout,
    responses((status = 200, description = "Signed out", body = LoggedOut)))]
async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Logout>,
) -> ApiResult<LoggedOut> {
    let shown = RefreshToken::parse(&body.refresh_token)?;
    if (&shown.tenant, &shown.user) != (&caller.tenant, &caller.user) {
        return Err(dead().into());
    }
    if let Some(session) = app
        .store
        .session_get(&shown.tenant, &shown.user, &shown.session)
        .await?
    {
        if !secret::equal(session.secret_hash.as_bytes(), shown.secret_hash().as_bytes()) {
            return Err(dead().into());
        }
        app.store
            .session_delete(&shown.tenant, &shown.user, &shown.session)
            .await?;
    }
    Ok(Answer::ok(LoggedOut { logged_out: true }))
}
