//! A service of the JSON protocol.

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::AwsError;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub trait Service: Send + Sync {
    /// Answers one operation, named without its service: `StartExecution`.
    fn handle<'a>(&'a self, operation: &'a str, body: Value) -> BoxFuture<'a, Result<Value, AwsError>>;
}

/// Sets a member of an answer.
pub(crate) fn set(answer: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = answer.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}
