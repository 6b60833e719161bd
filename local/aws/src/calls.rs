//! How often each operation was called.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// By the operation's target: `DynamoDB_20120810.PutItem`.
#[derive(Default)]
pub(crate) struct Calls(Mutex<BTreeMap<String, u64>>);

impl Calls {
    pub(crate) fn count(&self, target: &str) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match calls.get_mut(target) {
            Some(count) => *count += 1,
            None => drop(calls.insert(target.to_owned(), 1)),
        }
    }

    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
