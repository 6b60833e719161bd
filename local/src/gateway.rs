//! The API over HTTP: what API Gateway does on AWS.

use std::sync::{Arc, OnceLock};

use aws::{Server, Stop, Unread};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use hyper::body::Incoming;
use runtime::envelope::ApiError;
use runtime::middleware::without_trailing_slash;
use tower::ServiceExt;

use crate::metrics::Metrics;

/// Bytes that API Gateway takes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// The API, once the platform is ready.
pub(crate) type Ready = Arc<OnceLock<Router>>;

/// Serves until it is stopped. Answers 503 before the platform is ready.
pub(crate) async fn serve(server: Server, ready: Ready, metrics: Arc<Metrics>, stop: Stop) {
    let answer = move |request| {
        let (ready, metrics) = (Arc::clone(&ready), Arc::clone(&metrics));
        async move { answer(&ready, &metrics, request).await }
    };
    server.serve(answer, stop).await;
}

async fn answer(ready: &Ready, metrics: &Metrics, request: Request<Incoming>) -> Response<Body> {
    if request.uri().path() == "/metrics" {
        return metrics.text().await.into_response();
    }
    let timer = metrics.begin();
    // With its body, as API Gateway hands it over: an answer before the end of the body would close the connection on a
    // client that is still sending.
    let response = match (ready.get(), aws::read(request, LARGEST_BODY).await) {
        (Some(router), Ok(request)) => {
            let request = readiness(without_trailing_slash(request.map(Body::from)));
            router.clone().oneshot(request).await.into_response()
        }
        (None, _) => ApiError(domain::Error::Unavailable("start")).into_response(),
        (_, Err(Unread::TooLarge(limit))) => {
            ApiError(domain::Error::PayloadTooLarge { limit }).into_response()
        }
        (_, Err(Unread::NoRoom)) => ApiError(domain::Error::Unavailable("read a body")).into_response(),
        (_, Err(Unread::TooSlow | Unread::Broken)) => {
            let mut response = Response::new(Body::from(Bytes::new()));
            *response.status_mut() = axum::http::StatusCode::REQUEST_TIMEOUT;
            response
        }
    };
    metrics.answered(timer, response.status());
    response
}

/// Load balancers and people look for `/healthz` at the top.
fn readiness(mut request: Request<Body>) -> Request<Body> {
    if request.uri().path() == "/healthz" {
        *request.uri_mut() = Uri::from_static("/api/v1/healthz");
    }
    request
}
