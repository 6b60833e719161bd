//! The SDK's requests, answered in the process.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::HOST;
use http_body_util::BodyExt;

use crate::WeakHome;

#[derive(Clone)]
pub(crate) struct Connector(WeakHome);

impl Connector {
    pub(crate) fn new(home: WeakHome) -> Self {
        Self(home)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// As whoever sends it over a connection would: the signature is of it, too.
fn name_host(parts: &mut http::request::Parts) {
    let host = parts.uri.authority().and_then(|host| host.as_str().parse().ok());
    if let Some(host) = host {
        parts.headers.entry(HOST).or_insert(host);
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let home = self.0.upgrade();
        HttpConnectorFuture::new(async move {
            let home = home.ok_or_else(|| ConnectorError::other("the home is closed".into(), None))?;
            let request = request
                .try_into_http1x()
                .map_err(|e| ConnectorError::user(e.into()))?;
            let (mut parts, body) = request.into_parts();
            name_host(&mut parts);
            let body = match body.bytes() {
                Some(bytes) => Bytes::copy_from_slice(bytes),
                None => body.collect().await.map_err(ConnectorError::user)?.to_bytes(),
            };
            let response = home.answer(http::Request::from_parts(parts, body)).await;
            let response = response.map(SdkBody::from);
            HttpResponse::try_from(response).map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}
