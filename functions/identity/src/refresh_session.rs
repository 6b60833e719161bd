//! `POST /auth/refresh`

use axum::extract::State;
use runtime::extract::Json;
use runtime::{Access, Answer, ApiResult, App, Endpoint, clock, secret, table};
use serde::Deserialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::session::{RefreshToken, Tokens, dead, tokens};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    refresh_token: String,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![table(Table::Identity, "GetItem UpdateItem DeleteItem")];
    Endpoint::new(Access::Public, grants, routes!(refresh_session))
}

/// Exchange a refresh token for new tokens
///
/// A refresh token is good for one use. One that was used before is a stolen one, or its theft: the session ends.
#[utoipa::path(post, path = "/api/v1/auth/refresh", request_body = Refresh,
    responses((status = 200, description = "New tokens", body = Tokens),
        (status = 401, description = "The refresh token is not valid any more")))]
async fn refresh_session(State(app): State<App>, Json(body): Json<Refresh>) -> ApiResult<Tokens> {
    let shown = RefreshToken::parse(&body.refresh_token)?;
    let (tenant, user) = (&shown.tenant, &shown.user);
    let session = app
        .store
        .session_get(tenant, user, &shown.session)
        .await?
        .ok_or_else(dead)?;
    if session.valid_until <= clock::now() {
        return Err(dead().into());
    }
    let secret = secret::random_secret()?;
    let next = domain::user::Session {
        secret_hash: secret::sha256_hex(secret.as_bytes()),
        ..session
    };
    let Some(session) = app
        .store
        .session_rotate(tenant, &next, &shown.secret_hash())
        .await?
    else {
        app.store.session_delete(tenant, user, &shown.session).await?;
        return Err(dead().into());
    };
    // Roles as they are now, not as they were at the sign-in.
    let login = app
        .store
        .login_get(tenant, &session.username)
        .await?
        .ok_or_else(dead)?;
    Ok(Answer::ok(tokens(&app, tenant, login, &session, &secret).await?))
}
