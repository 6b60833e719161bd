//! Which service a request is for, and the frame around every answer.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{AwsError, Home, Service, sqs};

const TARGET: &str = "x-amz-target";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// What errors are called for clients that knew the service by its older protocol.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

const UNKNOWN: &str = "UnknownOperationException";

/// The services that are named by a target, by the target's first part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    DynamoDb,
    Events,
    Sqs,
    States,
}

fn target(headers: &HeaderMap) -> Option<(Option<Target>, String)> {
    let value = headers.get(TARGET)?.to_str().ok()?;
    let (service, operation) = value.split_once('.').unwrap_or((value, ""));
    let target = match service {
        "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Some(Target::DynamoDb),
        "AWSEvents" => Some(Target::Events),
        "AmazonSQS" => Some(Target::Sqs),
        "AWSStepFunctions" => Some(Target::States),
        _ => None,
    };
    Some((target, operation.to_owned()))
}

/// Who waits for something and goes away must not get it. DynamoDB and Step Functions see to the rest themselves.
fn ends_with_its_caller(request: &Request<Bytes>) -> bool {
    match target(request.headers()) {
        Some((Some(Target::Sqs), operation)) => operation == "ReceiveMessage",
        Some((service, _)) => matches!(service, Some(Target::DynamoDb | Target::States)),
        None => sqs::receives(request.uri(), request.body()),
    }
}

impl Home {
    /// Answers a request of any service. What it has begun is brought to its end, also where nobody waits for the answer
    /// any more: else a change would be written, and those whom it concerns not be woken.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let target = request.headers().get(TARGET).cloned();
        let id = uuid::Uuid::new_v4().to_string();
        let mut response = if ends_with_its_caller(&request) {
            self.route(request, &id).await
        } else {
            let (home, headers, id) = (self.clone(), request.headers().clone(), id.clone());
            let answered = tokio::spawn(async move { home.route(request, &id).await });
            answered.await.unwrap_or_else(|error| {
                tracing::error!(error = %error, "a request was given up");
                failure(&AwsError::internal("The request failed."), &headers)
            })
        };
        // What does not exist is not counted: whoever asks for it chooses its name.
        let unknown = response
            .headers()
            .get(ERROR_TYPE)
            .is_some_and(|name| name == UNKNOWN);
        if let Some(target) = target.filter(|_| !unknown).as_ref().and_then(|t| t.to_str().ok()) {
            self.0.calls.count(target);
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn route(&self, request: Request<Bytes>, id: &str) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        // What a web page sends without asking first has no such header.
        if !parts.headers.contains_key(AUTHORIZATION) {
            let error = AwsError::sender("MissingAuthenticationToken", "The request is not signed.");
            return failure(&error.with_status(403), &parts.headers);
        }
        let Some((target, operation)) = target(&parts.headers) else {
            return match sqs::is_query(&parts) {
                true => self.0.sqs.answer_query(&parts, &body, id).await,
                false => self.by_path(&parts, &body).await,
            };
        };
        match target {
            Some(Target::DynamoDb) => match self.0.dynamodb.handle(&operation, body).await {
                Some((status, text)) => reply(status, text.into(), &parts.headers),
                None => failure(&AwsError::unknown_operation(&operation), &parts.headers),
            },
            Some(Target::Events) => serve(Some(&self.0.events), &operation, &body, &parts.headers).await,
            Some(Target::Sqs) => {
                let answer = call(&*self.0.sqs, &operation, &body).await;
                answer.map_or_else(
                    |error| sqs_failure(error, &parts.headers),
                    |answer| success(&answer, &parts.headers),
                )
            }
            Some(Target::States) => {
                let states = self.0.states.get().map(AsRef::as_ref);
                serve(states, &operation, &body, &parts.headers).await
            }
            None => failure(&AwsError::unknown_operation(&operation), &parts.headers),
        }
    }
}

impl Home {
    /// Services whose operations are paths.
    async fn by_path(&self, parts: &Parts, body: &Bytes) -> Response<Bytes> {
        let lambda = &self.0.lambda;
        if let Some(answer) = lambda
            .answer(&parts.method, &parts.uri, &parts.headers, body)
            .await
        {
            return answer;
        }
        if let Some(answer) = self.0.scheduler.answer(parts, body).await {
            return answer;
        }
        let request = Request::from_parts(parts.clone(), s3s::Body::from(body.clone()));
        let (parts, body) = self.0.s3.answer(request).await.into_parts();
        match body.collect().await {
            Ok(body) => Response::from_parts(parts, body.to_bytes()),
            Err(error) => {
                tracing::error!(error = %error, "an object cannot be read");
                Response::from_parts(parts, Bytes::new())
            }
        }
    }

    /// Whether a request is for S3: for none of the others.
    pub(crate) fn is_for_s3(parts: &Parts) -> bool {
        let path = parts.uri.path().trim_start_matches('/');
        let others = [
            "2015-03-31/functions",
            "2015-03-31/event-source-mappings",
            "schedules",
            "schedule-groups",
        ];
        let starts = |other: &&str| {
            path.strip_prefix(*other)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !parts.headers.contains_key(TARGET) && !sqs::is_query(parts) && !others.iter().any(starts)
    }
}

/// One operation of a service of the JSON protocol.
async fn serve(
    service: Option<&dyn Service>,
    operation: &str,
    body: &[u8],
    headers: &HeaderMap,
) -> Response<Bytes> {
    let answer = match service {
        Some(service) => call(service, operation, body).await,
        None => Err(AwsError::unknown_operation(operation)),
    };
    answer.map_or_else(
        |error| failure(&error, headers),
        |answer| success(&answer, headers),
    )
}

async fn call(service: &dyn Service, operation: &str, body: &[u8]) -> Result<Value, AwsError> {
    service.handle(operation, parse(body)?).await
}

/// Operations without an answer have an empty object.
fn success(answer: &Value, headers: &HeaderMap) -> Response<Bytes> {
    match answer {
        Value::Null => reply(200, Bytes::from_static(b"{}"), headers),
        answer => reply(200, answer.to_string().into(), headers),
    }
}

/// With the error's name of the older protocol, too.
fn sqs_failure(mut error: AwsError, headers: &HeaderMap) -> Response<Bytes> {
    let query = sqs::query_code(&error.code);
    error.code = format!("com.amazonaws.sqs#{}", error.code).into();
    let mut response = failure(&error, headers);
    if let Ok(value) = HeaderValue::from_str(&format!("{query};Sender")) {
        response.headers_mut().insert(QUERY_ERROR, value);
    }
    response
}

/// An empty body is an empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, AwsError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let value: Value = serde_json::from_slice(body)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(AwsError::sender(
            "SerializationException",
            "The body is not an object.",
        ))
    }
}

/// In the protocol version of the request.
pub(crate) fn reply(status: u16, body: Bytes, headers: &HeaderMap) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = headers
        .get(CONTENT_TYPE)
        .filter(|value| value.as_bytes().starts_with(b"application/x-amz-json-1."));
    let content_type = json
        .cloned()
        .unwrap_or_else(|| HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

pub(crate) fn failure(error: &AwsError, headers: &HeaderMap) -> Response<Bytes> {
    let body = json!({ "__type": error.code, "message": error.message, "Message": error.message });
    let mut response = reply(error.status, body.to_string().into(), headers);
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        response.headers_mut().insert(ERROR_TYPE, code);
    }
    response
}
