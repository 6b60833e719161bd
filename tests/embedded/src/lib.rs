//! A DynamoDB in the process, for tests of the store: the SDK's requests are answered by `dynoxide` in the place of the
//! network. Real semantics, no mock.

use std::fmt;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};

/// A client of a new, empty database in memory.
///
/// # Errors
///
/// SQLite cannot be opened.
pub fn dynamodb() -> Result<aws_sdk_dynamodb::Client, DynoxideError> {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url("http://embedded")
        .http_client(Embedded(Database::memory()?))
        .build();
    Ok(aws_sdk_dynamodb::Client::from_conf(config))
}

#[derive(Clone)]
struct Embedded(Database);

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

impl HttpClient for Embedded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

impl Embedded {
    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let action = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.split('.').nth(1))
            .unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let unknown = || {
            Err(DynoxideError::ValidationException(format!(
                "there is no {action}"
            )))
        };
        let (status, text) = match aws::dynamodb::dispatch(&self.0, action, body).unwrap_or_else(unknown) {
            Ok(text) => (200, text),
            Err(error) => (error.status_code(), error.to_json()),
        };
        let status = status
            .try_into()
            .map_err(|e| ConnectorError::other(Box::new(e), None))?;
        Ok(HttpResponse::new(status, SdkBody::from(text)))
    }
}
