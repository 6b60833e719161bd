//! Access tokens: JWT (RFC 7519) signed with Ed25519, one hour. Verified in every function by the public key alone.

use domain::id::{Key, TenantId, UserId, Username};
use domain::permission::Permission;
use domain::{Error, Result, Text};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// How long an access token lives, in seconds.
pub const LIFETIME_SECONDS: i64 = 3600;
const ISSUER: &str = "pflow";
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
        })
    }

    pub fn verify(&self, token: &str) -> Result<Caller> {
        match jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation) {
            Ok(token) => Ok(token.claims.caller),
            Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature) => {
                Err(Error::Unauthenticated(Text::new(
                    "The access token has expired. Refresh it or sign in again.",
                    "访问令牌已过期，请刷新令牌或重新登录。",
                )))
            }
            Err(_) => Err(unauthenticated()),
        }
    }
}

/// Signs a token for a caller.
pub fn sign(config: &Config, caller: Caller, now: jiff::Timestamp) -> Result<String> {
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
