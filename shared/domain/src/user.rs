//! People, their roles and their sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{Key, UserId, Username};
use crate::permission::Permission;
use crate::text::Text;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub display_name: String,
    pub roles: Vec<Key>,
    /// Whose approval `{"starter": "leader"}` asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<Key>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts the changes; the `ETag`.
    pub revision: u64,
}

/// A role that a tenant made for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    pub key: Key,
    pub name: Text,
    pub permissions: Vec<Permission>,
    pub built_in: bool,
}

/// What a sign-in needs of a user, read by the username in one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub user: UserId,
    pub username: Username,
    pub display_name: String,
    pub roles: Vec<Key>,
    /// Argon2id, in PHC string format.
    pub password_hash: String,
    /// Wrong passwords in a row.
    #[serde(default)]
    pub failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
}

/// A refresh token's session. Only the token's hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub user: UserId,
    pub username: Username,
    pub secret_hash: String,
    pub created_at: Timestamp,
    /// Not `expires_at`, which is the item's own end.
    pub valid_until: Timestamp,
}

/// Wrong passwords in a row until the account is locked, and for how long.
pub const FAILURES_BEFORE_LOCK: u32 = 10;
pub const LOCK_SECONDS: u32 = 15 * 60;
