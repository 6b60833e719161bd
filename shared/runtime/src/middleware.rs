//! What is around every request: its id, its language, its line in the log.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use domain::text::Language;
use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, HeaderValue, Uri};

use crate::request::{self, RequestContext};

const REQUEST_ID: &str = "x-request-id";

/// Gives the request its context and tells of it when it is answered.
pub async fn around(request: Request, next: Next) -> Response {
    let context = RequestContext {
        id: request_id(request.headers()),
        language: language(request.headers()),
        operation: None,
    };
    let id = context.id.clone();
    let method = request.method().clone();
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let started = Instant::now();
    let mut response = request::scope(context, next.run(request)).await;
    tracing::info!(
        request_id = id,
        method = method.as_str(),
        path = path.as_deref().unwrap_or("-"),
        status = response.status().as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1000.0,
        "request"
    );
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The caller's own id where it is a sound one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let sound = |id: &&str| {
        (1..=100).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    given.filter(sound).map_or_else(request::new_id, str::to_owned)
}

fn language(headers: &HeaderMap) -> Language {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map_or_else(Language::default, Language::from_accept_language)
}

/// An address with a slash at its end is the address without it.
pub fn without_trailing_slash<B>(mut request: http::Request<B>) -> http::Request<B> {
    let uri = request.uri();
    let path = uri.path();
    if path.len() > 1 && path.ends_with('/') {
        let trimmed = path.trim_end_matches('/');
        let path_and_query = match uri.query() {
            Some(query) => format!("{trimmed}?{query}"),
            None => trimmed.to_owned(),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = path_and_query.parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_does_not_matter() {
        for (uri, expected) in [
            ("/api/v1/forms/", "/api/v1/forms"),
            ("/api/v1/forms/?limit=1", "/api/v1/forms?limit=1"),
            ("/api/v1/forms?limit=1/", "/api/v1/forms?limit=1/"),
            ("/", "/"),
            ("http://h:1/a//", "http://h:1/a"),
        ] {
            let request = http::Request::builder().uri(uri).body(()).unwrap();
            assert_eq!(without_trailing_slash(request).uri(), expected);
        }
    }
}
