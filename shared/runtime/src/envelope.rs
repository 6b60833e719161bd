//! The envelope of every answer, and the one place where an error becomes an HTTP status.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::Error;
use domain::error::{Code, Detail};
use domain::text::{Language, Text};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{clock, request};

/// A successful answer: the data, and what goes into status line and headers.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    data: T,
    message: Text,
    location: Option<String>,
    revision: Option<u64>,
    cache: Option<&'static str>,
}

impl<T> Answer<T> {
    pub fn ok(data: T) -> Self {
        let message = Text::new("OK", "成功");
        Self {
            status: StatusCode::OK,
            data,
            message,
            location: None,
            revision: None,
            cache: None,
        }
    }

    pub fn created(data: T, location: String) -> Self {
        let message = Text::new("Created", "已创建");
        Self {
            status: StatusCode::CREATED,
            message,
            location: Some(location),
            ..Self::ok(data)
        }
    }

    /// Taken, to be done later.
    pub fn accepted(data: T, location: String) -> Self {
        let message = Text::new("Accepted", "已受理");
        Self {
            status: StatusCode::ACCEPTED,
            message,
            location: Some(location),
            ..Self::ok(data)
        }
    }

    /// Taken, and nothing to look at afterwards.
    pub fn taken(data: T) -> Self {
        Self {
            location: None,
            ..Self::accepted(data, String::new())
        }
    }

    /// Gives the object's revision as the `ETag`.
    #[must_use]
    pub fn revision(mut self, revision: u64) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Lets clients keep the answer; without it, nobody may.
    #[must_use]
    pub fn cached(mut self, cache: &'static str) -> Self {
        self.cache = Some(cache);
        self
    }
}

#[derive(Debug, Serialize)]
struct Success<'a, T> {
    success: bool,
    data: T,
    message: &'a str,
    timestamp: String,
    request_id: &'a str,
}

/// What every failed call answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Failure {
    /// False.
    pub success: bool,
    pub error: FailureBody,
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// Under this the log tells more.
    pub request_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailureError)]
pub struct FailureBody {
    pub code: Code,
    /// For people, in the language of `Accept-Language`.
    pub message: String,
    /// Each thing that is wrong, where more than one can be.
    pub details: Vec<FailureDetail>,
}

/// One thing that is wrong in a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureDetail {
    /// Where, as an RFC 6901 pointer into the body; a query parameter `x` is `/?x`, a header `/header/x`.
    pub pointer: String,
    pub code: String,
    /// The node of a workflow that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl FailureDetail {
    pub fn new(detail: &Detail, language: Language) -> Self {
        Self {
            pointer: detail.pointer.clone(),
            code: detail.code.clone(),
            node: detail.node.clone(),
            message: detail.message.get(language).to_owned(),
            suggestion: detail
                .suggestion
                .as_ref()
                .map(|text| text.get(language).to_owned()),
        }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let request = request::current();
        let success = Success {
            success: true,
            data: self.data,
            message: self.message.get(request.language),
            timestamp: clock::now().to_string(),
            request_id: &request.id,
        };
        let mut response = json(self.status, &success);
        let headers = response.headers_mut();
        if let Some(value) = self
            .location
            .and_then(|location| HeaderValue::try_from(location).ok())
        {
            headers.insert(header::LOCATION, value);
        }
        if let Some(value) = self
            .revision
            .and_then(|revision| HeaderValue::try_from(format!("\"{revision}\"")).ok())
        {
            headers.insert(header::ETAG, value);
        }
        if let Some(cache) = self.cache {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        }
        response
    }
}

/// An error on its way out. Logged here, once, with the whole chain of what caused it.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

pub type ApiResult<T> = Result<Answer<T>, ApiError>;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let request = request::current();
        let status = status(self.0.code());
        if status.is_server_error() {
            tracing::error!(request_id = request.id, error = chain(&self.0), "request failed");
        }
        let failure = Failure {
            success: false,
            error: FailureBody {
                code: self.0.code(),
                message: self.0.message().get(request.language).to_owned(),
                details: self
                    .0
                    .details()
                    .iter()
                    .map(|d| FailureDetail::new(d, request.language))
                    .collect(),
            },
            timestamp: clock::now().to_string(),
            request_id: request.id,
        };
        let mut response = json(status, &failure);
        if let Error::TooManyRequests { retry_after_seconds } = self.0 {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub fn status(code: Code) -> StatusCode {
    match code {
        Code::ValidationError => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error and all that caused it.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let (status, bytes) = match serde_json::to_vec(body) {
        Ok(bytes) => (status, bytes),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
