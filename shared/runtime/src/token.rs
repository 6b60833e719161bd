//! Access tokens: JWT (RFC 7519) signed with Ed25519, one hour. Verified in every function by the public key alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::{Key, TenantId, UserId, Username};
use domain::permission::Permission;
use domain::{Error, Result, Text};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::config::Config;

/// How long an access token lives, in seconds.
pub const LIFETIME_SECONDS: i64 = 3600;
const ISSUER: &str = "pflow";
/// Verified tokens that are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 256;
/// PKCS #8 (RFC 8410) around the 32 bytes of an Ed25519 private key.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Who is calling, as the access token tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    #[serde(rename = "sub")]
    pub user: UserId,
    pub tenant: TenantId,
    pub username: Username,
    pub roles: Vec<Key>,
    pub permissions: Vec<Permission>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    caller: Caller,
    iss: String,
    iat: i64,
    exp: i64,
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(forbidden(permission))
        }
    }
}

/// Verifies access tokens; built once.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
    key_id: String,
    /// What was found good, until it expires: the signature is two fifths of what a submission costs.
    seen: Mutex<HashMap<String, Seen>>,
}

struct Seen {
    caller: Caller,
    /// Seconds since 1970.
    expires_at: i64,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    pub fn new(config: &Config) -> Result<Self> {
        let x = base64_url(&config.token_public_key);
        let key =
            DecodingKey::from_ed_components(&x).map_err(|e| Error::internal("read the token key", e))?;
        // Only this algorithm: a token that names another, or none, is refused whatever it is signed with.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.leeway = 5;
        Ok(Self {
            key,
            validation,
            key_id: key_id(&config.token_public_key),
            seen: Mutex::new(HashMap::new()),
        })
    }

    pub fn verify(&self, token: &str) -> Result<Caller> {
        if let Some(caller) = self.recall(token, clock::now()) {
            return Ok(caller);
        }
        match jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation) {
            Ok(verified) => {
                let Claims { caller, exp, .. } = verified.claims;
                self.remember(token, caller.clone(), exp);
                Ok(caller)
            }
            Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature) => {
                Err(Error::Unauthenticated(Text::new(
                    "The access token has expired. Refresh it or sign in again.",
                    "访问令牌已过期，请刷新令牌或重新登录。",
                )))
            }
            Err(_) => Err(unauthenticated()),
        }
    }

    fn recall(&self, token: &str, now: Timestamp) -> Option<Caller> {
        let seen = self.seen();
        let seen = seen.get(token)?;
        (now.as_second() < seen.expires_at).then(|| seen.caller.clone())
    }

    fn remember(&self, token: &str, caller: Caller, expires_at: i64) {
        let mut seen = self.seen();
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(token.to_owned(), Seen { caller, expires_at });
    }

    /// A panic elsewhere leaves a map that is still a map.
    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs a token for a caller.
pub fn sign(config: &Config, caller: Caller, now: Timestamp) -> Result<String> {
    let missing = || Error::internal("sign a token", "this function has no PFLOW_TOKEN_PRIVATE_KEY");
    let seed = config.token_private_key.as_ref().ok_or_else(missing)?;
    let der = [PKCS8_PREFIX.as_slice(), &seed.0].concat();
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key_id(&config.token_public_key));
    let iat = now.as_second();
    let claims = Claims {
        caller,
        iss: ISSUER.to_owned(),
        iat,
        exp: iat + LIFETIME_SECONDS,
    };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&der))
        .map_err(|e| Error::internal("sign a token", e))
}

/// The public key as a JSON Web Key (RFC 8037).
pub fn jwk(config: &Config) -> serde_json::Value {
    serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
        "kid": key_id(&config.token_public_key), "x": base64_url(&config.token_public_key),
    })
}

fn key_id(public_key: &[u8; 32]) -> String {
    crate::secret::sha256_hex(public_key).chars().take(16).collect()
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unauthenticated() -> Error {
    Error::Unauthenticated(Text::new(
        "Sign in: send a valid access token as \"Authorization: Bearer …\".",
        "请先登录：在 Authorization 请求头中以 Bearer 方式携带有效的访问令牌。",
    ))
}

pub fn forbidden(permission: Permission) -> Error {
    let name = permission.as_str();
    Error::Forbidden(Text::new(
        format!("This needs the permission {name}."),
        format!("此操作需要权限 {name}。"),
    ))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::config;

    /// With the keys of RFC 8032's first test.
    fn config() -> Config {
        Config::read(|name| {
            let value = match name {
                config::TOKEN_PUBLIC_KEY => "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
                config::TOKEN_PRIVATE_KEY => "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=",
                config::SUBMISSION_KEY => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                config::TIME_ZONE => return None,
                _ => "pflow-",
            };
            Some(value.to_owned())
        })
        .unwrap()
    }

    #[test]
    fn what_was_verified_is_remembered_until_it_expires() {
        let config = config();
        let verifier = Verifier::new(&config).unwrap();
        let caller = Caller {
            user: UserId::parse("01a5f2c8-7b40-7c3d-9e21-5b8d0e6a4c12").unwrap(),
            tenant: TenantId::parse("default").unwrap(),
            username: Username::parse("somebody").unwrap(),
            roles: Vec::new(),
            permissions: Vec::new(),
        };
        let now = clock::now();
        let token = sign(&config, caller.clone(), now).unwrap();
        assert_eq!(verifier.recall(&token, now), None);
        assert_eq!(verifier.verify(&token).unwrap(), caller);
        assert_eq!(verifier.recall(&token, now), Some(caller.clone()));
        let expired = now + SignedDuration::from_secs(LIFETIME_SECONDS);
        assert_eq!(verifier.recall(&token, expired), None);

        let forged = format!("{token}A");
        assert!(verifier.verify(&forged).is_err());
        assert_eq!(verifier.recall(&forged, now), None);
        assert_eq!(verifier.verify(&token).unwrap(), caller);
    }
}
