//! What signing in and refreshing have in common: the tokens that they hand out.

use domain::id::{Key, TenantId, UserId, Username};
use domain::permission::{BuiltInRole, Permission};
use domain::user::{Login, Session};
use domain::{Error, Result, Text};
use jiff::{SignedDuration, Timestamp};
use runtime::{App, Caller, clock, secret, token};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a refresh token lives after it was last used to sign in.
const SESSION: SignedDuration = SignedDuration::from_hours(30 * 24);
const SEPARATOR: char = '.';

/// Tokens, and whom they stand for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// A JWT signed with Ed25519; lives for `expires_in`, also after the session ends.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: i64,
    /// For `POST /auth/refresh`; good for one use, dead at once when the session ends.
    refresh_token: String,
    user: SignedIn,
}

/// The user who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    id: UserId,
    username: Username,
    display_name: String,
    roles: Vec<Key>,
    permissions: Vec<Permission>,
}

/// A refresh token: tenant, user, session and secret. Only the secret's digest is stored.
#[derive(Debug)]
pub(crate) struct RefreshToken {
    pub tenant: TenantId,
    pub user: UserId,
    pub session: String,
    pub secret: String,
}

impl RefreshToken {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split(SEPARATOR);
        let (Some(tenant), Some(user), Some(session), Some(secret), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(dead());
        };
        Ok(Self {
            tenant: TenantId::parse(tenant).map_err(|_| dead())?,
            user: UserId::parse(user).map_err(|_| dead())?,
            // A session's id has the form of a user's: no separator of keys can get in.
            session: UserId::parse(session).map_err(|_| dead())?.to_string(),
            secret: secret.to_owned(),
        })
    }

    pub(crate) fn secret_hash(&self) -> String {
        secret::sha256_hex(self.secret.as_bytes())
    }
}

/// One answer for every refresh token that does not work: which part was wrong is not told.
pub(crate) fn dead() -> Error {
    Error::Unauthenticated(Text::new(
        "This refresh token is not valid any more. Sign in again.",
        "刷新令牌已失效，请重新登录。",
    ))
}

/// A new session and the secret that opens it.
pub(crate) fn new_session(login: &Login, now: Timestamp) -> Result<(Session, String)> {
    let secret = secret::random_secret()?;
    let session = Session {
        id: runtime::request::new_id(),
        user: login.user.clone(),
        username: login.username.clone(),
        secret_hash: secret::sha256_hex(secret.as_bytes()),
        created_at: now,
        valid_until: now + SESSION,
    };
    Ok((session, secret))
}

/// The tokens of a session.
pub(crate) async fn tokens(
    app: &App,
    tenant: &TenantId,
    login: Login,
    session: &Session,
    secret: &str,
) -> Result<Tokens> {
    let permissions = permissions(app, tenant, &login.roles).await?;
    let caller = Caller {
        user: login.user.clone(),
        tenant: tenant.clone(),
        username: login.username.clone(),
        roles: login.roles.clone(),
        permissions: permissions.clone(),
    };
    Ok(Tokens {
        access_token: token::sign(&app.config, caller, clock::now())?,
        token_type: "Bearer",
        expires_in: token::LIFETIME_SECONDS,
        refresh_token: [tenant.as_str(), login.user.as_str(), &session.id, secret]
            .join(&SEPARATOR.to_string()),
        user: SignedIn {
            id: login.user,
            username: login.username,
            display_name: login.display_name,
            roles: login.roles,
            permissions,
        },
    })
}

/// What the roles allow together. A role that is gone allows nothing.
async fn permissions(app: &App, tenant: &TenantId, roles: &[Key]) -> Result<Vec<Permission>> {
    let mut permissions = Vec::new();
    for key in roles {
        match BuiltInRole::find(key.as_str()) {
            Some(role) => permissions.extend_from_slice(role.permissions),
            None => {
                let role = app.definitions.role(tenant, key).await?;
                permissions.extend(role.iter().flat_map(|role| role.permissions.iter().copied()));
            }
        }
    }
    permissions.sort_unstable();
    permissions.dedup();
    Ok(permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_refresh_token_is_read() {
        assert!(RefreshToken::parse("default.u1.s1.secret").is_ok());
        for text in [
            "",
            "default.u1.s1",
            "default.u1.s1.x.y",
            "default.u#1.s1.x",
            "Default.u1.s1.x",
            "default.u1.s#.x",
        ] {
            assert!(RefreshToken::parse(text).is_err(), "{text}");
        }
    }
}
