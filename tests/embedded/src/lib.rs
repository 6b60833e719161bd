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
use serde::Serialize;
use serde::de::DeserializeOwned;

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
        let (status, text) = match self.dispatch(action, body) {
            Ok(text) => (200, text),
            Err(error) => (error.status_code(), error.to_json()),
        };
        let status = status
            .try_into()
            .map_err(|e| ConnectorError::other(Box::new(e), None))?;
        Ok(HttpResponse::new(status, SdkBody::from(text)))
    }

    /// What the store uses, and the tests' own look at streams.
    fn dispatch(&self, action: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let db = &self.0;
        match action {
            "BatchWriteItem" => run(body, |request| db.batch_write_item(request)),
            "CreateTable" => run(body, |request| db.create_table(request)),
            "DeleteItem" => run(body, |request| db.delete_item(request)),
            "DescribeTable" => run(body, |request| db.describe_table(request)),
            "GetItem" => run(body, |request| db.get_item(request)),
            "PutItem" => run(body, |request| db.put_item(request)),
            "Query" => run(body, |request| db.query(request)),
            "TransactWriteItems" => run(body, |request| db.transact_write_items(request)),
            "UpdateItem" => run(body, |request| db.update_item(request)),
            "UpdateTimeToLive" => run(body, |request| db.update_time_to_live(request)),
            other => Err(DynoxideError::ValidationException(format!(
                "the embedded endpoint does not know {other}"
            ))),
        }
    }
}

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    action: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request =
        serde_json::from_slice(body).map_err(|e| DynoxideError::SerializationException(e.to_string()))?;
    let answer = action(request)?;
    serde_json::to_string(&answer).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}
