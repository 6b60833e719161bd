//! Passwords, random secrets, digests.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Argon2id with OWASP's parameters (19 MiB, 2 passes), as a PHC string with its salt.
pub fn hash_password(password: &str) -> Result<String> {
    let salt = random::<16>()?;
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|e| Error::internal("hash a password", e.to_string()))?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed. A hash that cannot be read matches nothing.
pub fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal("draw a random number", e))?;
    Ok(bytes)
}

/// A secret to hand out: 256 random bits.
pub fn random_secret() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// HMAC-SHA-256 over parts, each preceded by its length so that no two lists of parts are alike.
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).map_err(|e| Error::internal("sign an id", e.to_string()))?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// Compares without telling by its time where the difference lies.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_hash_only() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("wrong", &hash));
        assert!(!verify_password("wrong", "no hash"));
        assert_ne!(hash, hash_password("correct horse").unwrap());
    }

    #[test]
    fn parts_cannot_be_shifted() {
        let key = [7; 32];
        assert_ne!(
            mac(&key, &[b"ab", b"c"]).unwrap(),
            mac(&key, &[b"a", b"bc"]).unwrap()
        );
    }
}
