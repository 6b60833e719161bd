//! Task tokens: which task of which execution, signed, so that nobody can make one up and none needs a row.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Of the signature, the first bytes: 128 bits.
const SIGNATURE: usize = 16;

/// A task of an execution: the event that was the newest when the task was scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TaskId {
    pub(crate) execution: i64,
    pub(crate) event: u32,
}

/// The secret that signs tokens, of the size of the hash's block.
#[derive(Clone)]
pub(crate) struct TokenKey(Hmac<Sha256>);

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

impl TokenKey {
    pub(crate) fn new(secret: &[u8; 64]) -> Self {
        Self(Hmac::new(secret.into()))
    }

    pub(crate) fn token(&self, task: TaskId) -> String {
        let named = name(task);
        let mut mac = self.0.clone();
        mac.update(&named);
        let signature = mac.finalize().into_bytes();
        let bytes: Vec<u8> = named
            .into_iter()
            .chain(signature.into_iter().take(SIGNATURE))
            .collect();
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The task that a token of ours is for.
    pub(crate) fn open(&self, token: &str) -> Option<TaskId> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (named, signature) = bytes.split_at_checked(12)?;
        if signature.len() != SIGNATURE {
            return None;
        }
        let mut mac = self.0.clone();
        mac.update(named);
        mac.verify_truncated_left(signature).ok()?;
        read(named)
    }
}

fn name(task: TaskId) -> [u8; 12] {
    let mut named = [0; 12];
    let (execution, event) = named.split_at_mut(8);
    execution.copy_from_slice(&task.execution.to_be_bytes());
    event.copy_from_slice(&task.event.to_be_bytes());
    named
}

fn read(named: &[u8]) -> Option<TaskId> {
    let (execution, event) = named.split_at_checked(8)?;
    Some(TaskId {
        execution: i64::from_be_bytes(execution.try_into().ok()?),
        event: u32::from_be_bytes(event.try_into().ok()?),
    })
}

/// The event of a token that the interpreter gave back, and so needs no proof.
pub(crate) fn event_of(token: &str) -> Option<u32> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (named, _) = bytes.split_at_checked(12)?;
    read(named).map(|task| task.event)
}

/// The tokens of one execution.
#[derive(Debug)]
pub(crate) struct ExecutionTokens {
    pub(crate) key: TokenKey,
    pub(crate) execution: i64,
}

impl ExecutionTokens {
    pub(crate) fn new(key: &TokenKey, execution: i64) -> Arc<Self> {
        Arc::new(Self {
            key: key.clone(),
            execution,
        })
    }
}

impl asl::Tokens for ExecutionTokens {
    fn token(&self, event: u64) -> String {
        // A history has at most 25,000 events.
        let event = u32::try_from(event).unwrap_or(u32::MAX);
        self.key.token(TaskId {
            execution: self.execution,
            event,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_its_task_and_no_other_text_does() {
        let key = TokenKey::new(&[7; 64]);
        let task = TaskId {
            execution: 1_764_000_000_000 << 12,
            event: 24_999,
        };
        let token = key.token(task);
        assert_eq!((token.len(), key.open(&token)), (38, Some(task)));
        assert_eq!(event_of(&token), Some(task.event));
        assert_eq!(TokenKey::new(&[8; 64]).open(&token), None);
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(key.open(&String::from_utf8(other).unwrap()), None, "{at}");
            assert_eq!(token.get(..at).and_then(|cut| key.open(cut)), None);
        }
        assert_eq!(key.open(&format!("{token}AAAA")), None);
    }
}
