//! The way to the AWS endpoint, watched: every call is noted with the operation that made it and what it cost, and an
//! operation can be cut off between two of its calls, as a killed function would be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::mortal::{self, End};

/// What looks again and again: the requests that ask whether it is done, the receivers of the queues, the timers.
pub const LOOKING: [&str; 5] = ["", "fire_timers", "get_submission", "get_ticket", "list_tasks"];

/// A call that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub operation: String,
    /// `PutItem tickets`, `SendMessage submissions`, `StartExecution`.
    pub what: String,
    /// Read or write units, all together.
    pub units: f64,
    /// Items that it wrote: each is a change that a stream tells of.
    pub items: usize,
}

#[derive(Debug, Clone)]
pub struct Wire {
    inner: Option<SharedHttpClient>,
    state: Arc<Mutex<State>>,
    pub burnt: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    fuse: Option<Fuse>,
}

#[derive(Debug, Clone)]
struct Fuse {
    operation: String,
    /// Calls that still go through.
    left: usize,
    /// Whether the call at which it burns is still done, its answer never seen.
    done: bool,
}

#[derive(Debug)]
struct Connector {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl Wire {
    pub fn new() -> Self {
        Self {
            inner: None,
            state: Arc::default(),
            burnt: Arc::new(Notify::new()),
        }
    }

    /// This wire, laid around the way to the endpoint.
    pub fn around(&self, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Self {
            inner: Some(http),
            ..self.clone()
        })
    }

    /// Cuts the operation off after `calls` of its calls; with `done`, the next call still has its effect.
    pub fn arm(&self, operation: &str, calls: usize, done: bool) {
        self.state().fuse = Some(Fuse {
            operation: operation.to_owned(),
            left: calls,
            done,
        });
    }

    pub fn disarm(&self) {
        self.state().fuse = None;
    }

    /// What operations have called since the last time this was asked.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Whether the fuse burns at this call.
    fn burns(&self, operation: &str) -> Option<Fuse> {
        let mut state = self.state();
        let fuse = state.fuse.as_mut().filter(|fuse| fuse.operation == operation)?;
        if fuse.left > 0 {
            fuse.left -= 1;
            return None;
        }
        state.fuse.take()
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.as_ref().expect("it is laid around a way");
        let inner = inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector {
            wire: self.clone(),
            inner,
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (wire, inner) = (self.wire.clone(), self.inner.clone());
        let operation = runtime::request::current()
            .operation
            .map(|operation| operation.id.clone())
            .unwrap_or_default();
        HttpConnectorFuture::new(async move {
            let end = mortal::end();
            if end == Some(End::BeforeTheCall) {
                mortal::die().await;
            }
            let fuse = wire.burns(&operation);
            if fuse.as_ref().is_some_and(|fuse| !fuse.done) {
                wire.burnt.notify_one();
                std::future::pending::<()>().await;
            }
            let (what, items) = ask_for_units(&mut request);
            let response = inner.call(request).await?;
            let bytes = response.body().bytes().map(<[u8]>::to_vec);
            let (response, body) = match bytes {
                Some(bytes) => (response, bytes),
                None => read(response).await,
            };
            if end == Some(End::AfterTheCall) {
                mortal::die().await;
            }
            if fuse.is_some() {
                wire.burnt.notify_one();
                std::future::pending::<()>().await;
            }
            let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
            wire.state().calls.push(Call {
                operation,
                what,
                units: units(&answer),
                items: if response.status().is_success() { items } else { 0 },
            });
            Ok(response)
        })
    }
}

/// The whole body, and the response with it in place again.
async fn read(
    response: aws_smithy_runtime_api::client::orchestrator::HttpResponse,
) -> (
    aws_smithy_runtime_api::client::orchestrator::HttpResponse,
    Vec<u8>,
) {
    let mut response = response;
    let body = std::mem::replace(response.body_mut(), SdkBody::empty());
    let stream = aws_smithy_types::byte_stream::ByteStream::new(body);
    let bytes = stream
        .collect()
        .await
        .map(|bytes| bytes.into_bytes().to_vec())
        .unwrap_or_default();
    *response.body_mut() = SdkBody::from(bytes.clone());
    (response, bytes)
}

/// Makes DynamoDB tell what a call costs; gives what is called, and how many items it writes.
fn ask_for_units(request: &mut HttpRequest) -> (String, usize) {
    let target = request
        .headers()
        .get("x-amz-target")
        .unwrap_or_default()
        .to_owned();
    let action = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut body: Value = request
        .body()
        .bytes()
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .unwrap_or_default();
    let on = resource(&body).map(str::to_owned);
    let items = items(&action, &body);
    let counted = [
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "BatchWriteItem",
        "TransactWriteItems",
    ];
    if target.starts_with("DynamoDB_20120810") && counted.contains(&action.as_str()) {
        body["ReturnConsumedCapacity"] = json!("TOTAL");
        let bytes = body.to_string();
        request
            .headers_mut()
            .insert("content-length", bytes.len().to_string());
        *request.body_mut() = SdkBody::from(bytes);
    }
    let what = match on.as_deref().and_then(|name| name.rsplit(['/', '-']).next()) {
        Some(name) => format!("{action} {name}"),
        None => action,
    };
    (what, items)
}

fn items(action: &str, body: &Value) -> usize {
    match action {
        "PutItem" | "UpdateItem" | "DeleteItem" => 1,
        "TransactWriteItems" => body["TransactItems"].as_array().map_or(0, Vec::len),
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables
                .filter_map(|(_, writes)| Some(writes.as_array()?.len()))
                .sum()
        }
        _ => 0,
    }
}

/// The table or queue that a request is about; of a transaction, that of its first write.
fn resource(body: &Value) -> Option<&str> {
    let first_write = || {
        let write = body["TransactItems"][0].as_object()?.values().next()?;
        write["TableName"].as_str()
    };
    let batch = || {
        body["RequestItems"]
            .as_object()?
            .keys()
            .next()
            .map(String::as_str)
    };
    body["TableName"]
        .as_str()
        .or_else(|| body["QueueUrl"].as_str())
        .or_else(first_write)
        .or_else(batch)
}

fn units(answer: &Value) -> f64 {
    match &answer["ConsumedCapacity"] {
        Value::Array(each) => each.iter().filter_map(|one| one["CapacityUnits"].as_f64()).sum(),
        one => one["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}

/// The calls of one operation, with how many there were of each and their units.
pub fn summary(calls: &[Call], operation: &str) -> Vec<String> {
    let mut summed: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.operation == operation) {
        let entry = summed.entry(&call.what).or_default();
        entry.0 += 1;
        entry.1 += call.units;
    }
    let line = |(what, (count, units)): (&str, (usize, f64))| match units {
        0.0 => format!("{count} {what}"),
        units => format!("{count} {what} ({units} units)"),
    };
    summed.into_iter().map(line).collect()
}
