//! Errors as AWS tells them: a status, a code by which clients tell them apart, a message.

use std::borrow::Cow;

use storage::StorageError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    pub status: u16,
    pub code: Cow<'static, str>,
    pub message: String,
}

impl AwsError {
    /// The caller's fault.
    pub fn sender(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.into(),
            message: message.into(),
        }
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Ours. SDKs try again.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::sender("InternalFailure", message).with_status(500)
    }

    pub fn unknown_operation(operation: &str) -> Self {
        Self::sender(
            "UnknownOperationException",
            format!("The operation {operation} is not supported by this endpoint."),
        )
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::sender("ValidationException", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::sender("ResourceNotFoundException", message)
    }
}

impl From<serde_json::Error> for AwsError {
    fn from(error: serde_json::Error) -> Self {
        Self::sender("SerializationException", error.to_string())
    }
}

impl From<StorageError> for AwsError {
    fn from(error: StorageError) -> Self {
        tracing::error!(error = ?error, "cannot store");
        Self::sender("ServiceUnavailable", error.to_string()).with_status(503)
    }
}
