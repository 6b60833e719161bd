use storage::StorageError;

/// What an operation answers when it is refused, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// Of HTTP.
    pub status: u16,
    /// Such as `ExecutionDoesNotExist`.
    pub code: String,
    pub message: String,
}

impl AwsError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// `Execution Does Not Exist: 'arn:…'`: AWS spells the code in words and quotes what it is about.
    pub(crate) fn about(code: &str, subject: &str) -> Self {
        let mut words = String::new();
        for c in code.chars() {
            if c.is_ascii_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.push(c);
        }
        Self::new(code, format!("{words}: '{subject}'"))
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// One constraint of a member that its value breaks.
    pub(crate) fn constraint(member: &str, value: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {constraint}"
        ))
    }
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("refused")]
    Refused(#[source] AwsError),
    #[error("the storage failed")]
    Storage(#[source] StorageError),
    #[error("what is stored of {what} cannot be read")]
    Unreadable {
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the system has no random numbers")]
    Random(#[source] getrandom::Error),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<AwsError> for Error {
    fn from(error: AwsError) -> Self {
        Self::Refused(error)
    }
}

impl Error {
    pub(crate) fn unreadable(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unreadable {
            what,
            source: source.into(),
        }
    }

    /// What the caller may know. The rest is logged here, with its causes.
    pub(crate) fn into_answer(self, operation: &str) -> AwsError {
        match self {
            Self::Refused(error) => error,
            other => {
                tracing::error!(
                    operation,
                    error = &other as &dyn std::error::Error,
                    "an operation failed"
                );
                let message = match &other {
                    Self::Storage(storage) => storage.to_string(),
                    _ => "Internal failure".to_owned(),
                };
                AwsError {
                    status: 500,
                    code: "InternalFailure".to_owned(),
                    message,
                }
            }
        }
    }
}
