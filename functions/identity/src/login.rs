//! `POST /auth/login`

use axum::extract::State;
use domain::id::Username;
use domain::user::{FAILURES_BEFORE_LOCK, LOCK_SECONDS, Login};
use domain::{Error, Result, Text};
use jiff::{SignedDuration, Timestamp};
use runtime::extract::{Json, public_tenant};
use runtime::{Access, Answer, ApiResult, App, Endpoint, clock, secret, table};
use serde::Deserialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::session::{Tokens, new_session, tokens};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    #[schema(example = "admin")]
    username: String,
    password: String,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![table(Table::Identity, "GetItem PutItem UpdateItem")];
    Endpoint::new(Access::Public, grants, routes!(login))
}

/// Sign in with a password
///
/// Ten wrong passwords in a row lock the account for 15 minutes.
#[utoipa::path(post, path = "/api/v1/auth/login", request_body = Credentials,
    responses((status = 200, description = "Signed in", body = Tokens),
        (status = 401, description = "Username or password is wrong"),
        (status = 429, description = "The account is locked for a while")))]
async fn login(State(app): State<App>, Json(body): Json<Credentials>) -> ApiResult<Tokens> {
    let tenant = public_tenant();
    let now = clock::now();
    let username = Username::parse(body.username.trim().to_lowercase()).map_err(|_| wrong())?;
    let Some(login) = app.store.login_get(&tenant, &username).await? else {
        // As long as with a user, so that the time does not tell who exists.
        secret::verify_password(&body.password, NOBODYS_HASH);
        return Err(wrong().into());
    };
    refuse_locked(&login, now)?;
    if !secret::verify_password(&body.password, &login.password_hash) {
        let lock = (login.failures + 1 >= FAILURES_BEFORE_LOCK)
            .then(|| now + SignedDuration::from_secs(LOCK_SECONDS.into()));
        app.store.login_failed(&tenant, &username, lock).await?;
        return Err(wrong().into());
    }
    if login.failures > 0 {
        app.store.login_succeeded(&tenant, &username).await?;
    }
    let (session, secret) = new_session(&login, now)?;
    app.store.session_create(&tenant, &session).await?;
    Ok(Answer::ok(tokens(&app, &tenant, login, &session, &secret).await?))
}

/// Argon2id with the parameters of real ones; of no password.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$aGFzaG9mbm9ib2R5c3Bhc3N3b3JkaGFzaG9mbm9ib2Q";

fn wrong() -> Error {
    Error::Unauthenticated(Text::new("Username or password is wrong.", "用户名或密码错误。"))
}

fn refuse_locked(login: &Login, now: Timestamp) -> Result<()> {
    match login.locked_until {
        Some(until) if until > now => {
            let seconds = until.duration_since(now).as_secs().clamp(1, LOCK_SECONDS.into());
            Err(Error::TooManyRequests {
                retry_after_seconds: u32::try_from(seconds).unwrap_or(LOCK_SECONDS),
            })
        }
        _ => Ok(()),
    }
}
