//! What handlers take from a request. Rejections are ours, in the envelope.

use axum::extract::{FromRequest, FromRequestParts, Request};
use domain::id::TenantId;
use domain::{Error, Text};
use http::header::{CONTENT_TYPE, IF_MATCH};
use http::request::Parts;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use store::{Idempotency, PageRequest};

use crate::app::App;
use crate::envelope::ApiError;
use crate::token::Caller;
use crate::{clock, json, request, secret};

/// Bytes that a body may have.
pub const MAX_BODY: usize = 256 * 1024;
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;

/// A body read as `T`. Comes last among a handler's arguments.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ApiError> {
        Ok(Self(json::typed(read_json(request).await?)?))
    }
}

/// A body for an operation that creates, and the `Idempotency-Key` under which it may be sent again.
#[derive(Debug)]
pub struct Creation<T> {
    pub body: T,
    pub idempotency: Option<Idempotency>,
}

impl<T: DeserializeOwned> FromRequest<App> for Creation<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ApiError> {
        let key = idempotency_key(request.headers())?;
        let caller = request.extensions().get::<Caller>().cloned();
        let value = read_json(request).await?;
        let idempotency = key.zip(caller).map(|(key, caller)| Idempotency {
            tenant: caller.tenant,
            user: caller.user,
            operation: request::current()
                .operation
                .map(|operation| operation.id.clone())
                .unwrap_or_default(),
            key,
            body_hash: secret::sha256_hex(value.to_string().as_bytes()),
            now: clock::now(),
        });
        Ok(Self {
            body: json::typed(value)?,
            idempotency,
        })
    }
}

/// The `Idempotency-Key` header: 1 to 255 visible ASCII characters.
pub fn idempotency_key(headers: &http::HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) && !key.contains('#') => Ok(Some(key.to_owned())),
        _ => Err(Error::invalid(
            "/header/idempotency-key",
            "format",
            Text::new(
                "An Idempotency-Key is 1 to 255 visible ASCII characters without '#'.",
                "Idempotency-Key 须为 1 到 255 个可见 ASCII 字符，且不含 #。",
            ),
        )),
    }
}

async fn read_json(request: Request) -> Result<serde_json::Value, Error> {
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = media_type.map(|text| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    if essence.is_some_and(|essence| essence != "application/json" && !essence.ends_with("+json")) {
        return Err(Error::UnsupportedMediaType);
    }
    // The gateway, ours or AWS's, has read the body to its end: refusing it here cuts nobody off.
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let collected = body.map_err(|_| Error::PayloadTooLarge { limit: MAX_BODY })?;
    json::value(&collected.to_bytes())
}

/// The part of the path that names an object. What is no id names no object.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, app).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Error::NotFound("object").into()),
        }
    }
}

/// Query parameters; an unknown or misfit one is an error.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text =
                    std::error::Error::source(&rejection).map_or_else(String::new, ToString::to_string);
                let message = Text::new(
                    format!("A query parameter does not fit: {text}."),
                    format!("查询参数不合要求：{text}。"),
                );
                Err(Error::invalid("/?", "query", message).into())
            }
        }
    }
}

/// `limit` and `cursor` of a list.
pub fn page(limit: Option<u32>, cursor: Option<String>) -> Result<PageRequest, Error> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(PageRequest { limit, cursor });
    }
    let message = Text::new(
        format!("limit is between 1 and {MAX_LIMIT}."),
        format!("limit 须在 1 到 {MAX_LIMIT} 之间。"),
    );
    Err(Error::invalid("/?limit", "range", message))
}

/// The parameters of a list that has no others.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Items on a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ListParams {
    pub fn page(self) -> Result<PageRequest, Error> {
        page(self.limit, self.cursor)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        // Put there when the request was let in; a public operation has none.
        let missing = || ApiError(crate::token::unauthenticated());
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// `If-Match`: the revision that the sender has read.
#[derive(Debug)]
pub struct IfMatch(Option<u64>);

impl IfMatch {
    /// Refuses when the object is no longer the one that was read.
    pub fn check(&self, revision: u64) -> Result<(), Error> {
        match self.0 {
            Some(seen) if seen != revision => Err(Error::PreconditionFailed),
            _ => Ok(()),
        }
    }
}

impl FromRequestParts<App> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(IF_MATCH) else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let revision = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"')?.parse().ok());
        // A tag that we never gave matches nothing.
        revision
            .map(|revision| Self(Some(revision)))
            .ok_or(ApiError(Error::PreconditionFailed))
    }
}

/// The tenant that a public operation speaks for.
pub fn public_tenant() -> TenantId {
    TenantId::default_tenant()
}
