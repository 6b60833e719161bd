//! A workflow's service task with `http`: calls another system, under the visit's idempotency key.

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use engine::service::ServiceCall;
use http::{Method, Request, Uri};
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Table;

/// For the whole call: less than the function may take.
const TIMEOUT: Duration = Duration::from_secs(25);
/// Of an answer: what an execution carries has a limit of its own, 256 KiB.
const MAX_ANSWER: usize = 128 * 1024;
/// What the connection is made with is not the definition's to say.
const OWN_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "idempotency-key",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub fn handler() -> Handler {
    let grants = vec![table(Table::Instances, "BatchWriteItem")];
    Handler::new("call_http", Trigger::StateMachine, grants, call_http)
}

#[derive(Debug, Deserialize)]
pub struct HttpTask {
    #[serde(flatten)]
    call: ServiceCall,
    http: HttpCall,
}

#[derive(Debug, Deserialize)]
struct HttpCall {
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Option<Value>,
}

/// The members of the answer, where it is a JSON object.
#[derive(Debug, Serialize)]
pub struct Answered {
    data: Map<String, Value>,
}

async fn call_http(app: App, task: HttpTask) -> Result<Answered, FunctionError> {
    let entered_at = clock::now();
    let at_home = app.config.aws.endpoint_url.is_some();
    let request = request(&task.http, &task.call.idempotency_key, at_home)?;
    let (status, body) = tokio::time::timeout(TIMEOUT, send(request))
        .await
        .map_err(|_| retryable(format!("no answer in {} seconds", TIMEOUT.as_secs())))??;
    if !(200..300).contains(&status) {
        return Err(FunctionError {
            name: format!("Http.{status}").into(),
            cause: String::from_utf8_lossy(&body).chars().take(1000).collect(),
        });
    }
    task.call.done(&app, entered_at).await?;
    Ok(Answered { data: members(&body) })
}

/// Only by TLS. The home of one machine may call itself, for trying things out; a function on AWS may not, because its own
/// runtime answers there.
fn request(call: &HttpCall, key: &str, at_home: bool) -> Result<HttpRequest, FunctionError> {
    let uri: Uri = call.url.parse().map_err(|_| refused("the URL is none"))?;
    let is_loopback = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match uri.scheme_str() {
        Some("https") if !is_loopback || at_home => {}
        Some("http") if is_loopback && at_home => {}
        _ => return Err(refused("the URL is to begin with https://")),
    }
    let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| refused("the method is none"))?;
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header("idempotency-key", key);
    let mut has_type = false;
    for (name, value) in &call.headers {
        let name = name.to_ascii_lowercase();
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err(refused(&format!("the header {name} cannot be set")));
        }
        has_type |= name == "content-type";
        request = match value {
            Value::Null => request,
            Value::String(text) => request.header(name, text),
            other => request.header(name, other.to_string()),
        };
    }
    let body = match &call.body {
        Some(body) => {
            if !has_type {
                request = request.header("content-type", "application/json");
            }
            SdkBody::from(body.to_string())
        }
        None => SdkBody::empty(),
    };
    let request = request
        .body(body)
        .map_err(|_| refused("a header has a value that it cannot have"))?;
    HttpRequest::try_from(request).map_err(|_| refused("the request cannot be made"))
}

/// Redirections are answers like others: where to go is the definition's to say.
async fn send(request: HttpRequest) -> Result<(u16, Vec<u8>), FunctionError> {
    let mut answer: HttpResponse = connector()
        .call(request)
        .await
        .map_err(|error| retryable(runtime::envelope::chain(&error)))?;
    let status = answer.status().as_u16();
    let mut stream = ByteStream::new(std::mem::replace(answer.body_mut(), SdkBody::empty()));
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|error| retryable(runtime::envelope::chain(&error)))?);
        if body.len() > MAX_ANSWER {
            return Err(FunctionError {
                name: "Http.TooLarge".into(),
                cause: format!("the answer has more than {MAX_ANSWER} bytes"),
            });
        }
    }
    Ok((status, body))
}

/// One for all calls of a process. It trusts whom the machine trusts, unlike the clients of AWS.
fn connector() -> &'static Connector {
    static CONNECTOR: OnceLock<Connector> = OnceLock::new();
    CONNECTOR.get_or_init(|| {
        let builder = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
        builder.tls_context(TlsContext::default()).build()
    })
}

fn members(body: &[u8]) -> Map<String, Value> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn refused(cause: &str) -> FunctionError {
    FunctionError {
        name: FunctionError::REFUSED.into(),
        cause: cause.to_owned(),
    }
}

/// Nobody knows whether the call was heard: it may be repeated, since the key is the same.
fn retryable(cause: String) -> FunctionError {
    FunctionError {
        name: FunctionError::RETRYABLE.into(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(call: Value, at_home: bool) -> Result<HttpRequest, FunctionError> {
        request(&serde_json::from_value(call).unwrap(), "i-1/pay/1", at_home)
    }

    #[test]
    fn only_what_is_encrypted_leaves_the_machine() {
        for (url, at_home, goes) in [
            ("https://bank.example/payments", false, true),
            ("http://bank.example/payments", false, false),
            ("http://bank.example/payments", true, false),
            ("http://127.0.0.1:9001/2018-06-01/runtime", false, false),
            ("https://localhost/", false, false),
            ("http://127.0.0.1:8080/", true, true),
            ("file:///etc/passwd", true, false),
            ("/payments", true, false),
        ] {
            let call = json!({ "method": "GET", "url": url });
            assert_eq!(made(call, at_home).is_ok(), goes, "{url}");
        }
    }

    #[test]
    fn a_request_has_its_headers_and_its_key() {
        let call = json!({
            "method": "POST", "url": "https://bank.example/", "headers": { "X-Sum": 7, "X-None": null },
            "body": { "sum": 7 },
        });
        let request = made(call, false).unwrap();
        let header = |name: &str| request.headers().get(name);
        assert_eq!(header("x-sum"), Some("7"));
        assert_eq!(header("x-none"), None);
        assert_eq!(header("idempotency-key"), Some("i-1/pay/1"));
        assert_eq!(header("content-type"), Some("application/json"));
        for (name, value) in [("Host", "other.example"), ("X-Break", "a\r\nHost: b")] {
            let call = json!({ "method": "GET", "url": "https://bank.example/", "headers": { name: value } });
            assert!(made(call, false).is_err(), "{name}");
        }
    }

    #[test]
    fn an_answer_that_is_no_object_brings_nothing() {
        assert_eq!(members(br#"{"receipt": 1}"#)["receipt"], 1);
        for body in ["", "[1]", "<html>", "null"] {
            assert!(members(body.as_bytes()).is_empty(), "{body}");
        }
    }
}
