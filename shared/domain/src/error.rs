//! What can go wrong, told apart by what the caller may know. Nothing here knows of HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::diagnostic::Diagnostic;
use crate::text::Text;

pub type Result<T, E = Error> = std::result::Result<T, E>;
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an operation was not done. The texts go to the caller; a [`Error::Internal`]'s source goes to the log only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the request is not valid")]
    Validation(Vec<Detail>),
    #[error("no valid credentials")]
    Unauthenticated(Text),
    #[error("not permitted")]
    Forbidden(Text),
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("the request does not fit the present state")]
    Conflict { message: Text, details: Vec<Detail> },
    #[error("the object has changed since it was read")]
    PreconditionFailed,
    #[error("the body is larger than {limit} bytes")]
    PayloadTooLarge { limit: usize },
    #[error("the method is not allowed here")]
    MethodNotAllowed,
    #[error("the body is not of a media type that this operation reads")]
    UnsupportedMediaType,
    #[error("too many attempts")]
    TooManyRequests { retry_after_seconds: u32 },
    #[error("not able to serve right now: {0}")]
    Unavailable(&'static str),
    #[error("internal error while trying to {doing}")]
    Internal { doing: &'static str, source: Source },
}

/// The stable code of an error in the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    ValidationError,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    PreconditionFailed,
    PayloadTooLarge,
    MethodNotAllowed,
    UnsupportedMediaType,
    TooManyRequests,
    Unavailable,
    InternalError,
}

/// One thing that is wrong in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Where, as an RFC 6901 pointer into the body; a query parameter `x` is `/?x`, a header `/header/x`.
    pub pointer: String,
    pub code: String,
    /// The node of a workflow that it is about.
    pub node: Option<String>,
    pub message: Text,
    pub suggestion: Option<Text>,
}

impl Detail {
    pub fn new(pointer: impl Into<String>, code: &str, message: Text) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            node: None,
            message,
            suggestion: None,
        }
    }
}

impl From<Diagnostic> for Detail {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            pointer: diagnostic.pointer,
            code: diagnostic.code,
            node: diagnostic.node,
            message: diagnostic.message,
            suggestion: diagnostic.suggestion,
        }
    }
}

impl Error {
    pub fn invalid(pointer: impl Into<String>, code: &str, message: Text) -> Self {
        Self::Validation(vec![Detail::new(pointer, code, message)])
    }

    pub fn conflict(message: Text) -> Self {
        Self::Conflict {
            message,
            details: Vec::new(),
        }
    }

    /// A fault of ours or of what we stand on. `doing` completes "while trying to …".
    pub fn internal(doing: &'static str, source: impl Into<Source>) -> Self {
        Self::Internal {
            doing,
            source: source.into(),
        }
    }

    pub fn code(&self) -> Code {
        match self {
            Self::Validation(_) => Code::ValidationError,
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::Forbidden(_) => Code::Forbidden,
            Self::NotFound(_) => Code::NotFound,
            Self::Conflict { .. } => Code::Conflict,
            Self::PreconditionFailed => Code::PreconditionFailed,
            Self::PayloadTooLarge { .. } => Code::PayloadTooLarge,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::UnsupportedMediaType => Code::UnsupportedMediaType,
            Self::TooManyRequests { .. } => Code::TooManyRequests,
            Self::Unavailable(_) => Code::Unavailable,
            Self::Internal { .. } => Code::InternalError,
        }
    }

    /// Whether the same call may succeed later as it is: an event handler keeps such a message.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Internal { .. } | Self::Unavailable(_) | Self::TooManyRequests { .. }
        )
    }

    /// What the caller is told.
    pub fn message(&self) -> Text {
        match self {
            Self::Validation(_) => Text::new("The request is not valid.", "请求内容不合法。"),
            Self::Unauthenticated(text) | Self::Forbidden(text) => text.clone(),
            Self::Conflict { message, .. } => message.clone(),
            Self::NotFound(what) => Text::new(format!("There is no such {what}."), "请求的对象不存在。"),
            Self::PreconditionFailed => Text::new(
                "The object has changed since you read it. Read it again and repeat the change.",
                "对象在读取之后已被修改，请重新读取后再提交。",
            ),
            Self::PayloadTooLarge { limit } => Text::new(
                format!("The body is larger than {limit} bytes."),
                format!("请求体超过 {limit} 字节。"),
            ),
            Self::MethodNotAllowed => {
                Text::new("This method is not allowed here.", "此地址不支持该请求方法。")
            }
            Self::UnsupportedMediaType => Text::new(
                "Send the body as application/json.",
                "请以 application/json 发送请求体。",
            ),
            Self::TooManyRequests {
                retry_after_seconds: seconds,
            } => Text::new(
                format!("Too many attempts. Try again in {seconds} seconds."),
                format!("尝试次数过多，请在 {seconds} 秒后重试。"),
            ),
            Self::Unavailable(_) => Text::new(
                "The platform cannot serve this right now. Try again.",
                "平台暂时无法处理，请稍后重试。",
            ),
            Self::Internal { .. } => Text::new(
                "Something went wrong on our side. It has been logged with the request id.",
                "系统内部错误，已按请求编号记录。",
            ),
        }
    }

    pub fn details(&self) -> &[Detail] {
        match self {
            Self::Validation(details) | Self::Conflict { details, .. } => details,
            _ => &[],
        }
    }
}
