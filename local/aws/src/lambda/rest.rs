//! Lambda's paths.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FunctionError, Lambda};
use crate::AwsError;
use crate::route::{failure, parse, reply};

/// The operations that have a path here.
pub const OPERATIONS: &[&str] = &[
    "AddPermission",
    "CreateEventSourceMapping",
    "CreateFunction",
    "DeleteEventSourceMapping",
    "DeleteFunction",
    "GetEventSourceMapping",
    "GetFunction",
    "GetFunctionConfiguration",
    "GetPolicy",
    "Invoke",
    "ListEventSourceMappings",
    "ListFunctions",
    "RemovePermission",
    "UpdateEventSourceMapping",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
];

pub(crate) const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const INVOCATION_TYPE: &str = "x-amz-invocation-type";
/// Bytes of an event: at once, later.
const LARGEST_EVENT: usize = 6 * 1024 * 1024;
const LARGEST_LATER: usize = 1024 * 1024;

impl Lambda {
    /// `None`: the path is none of Lambda's.
    pub(crate) async fn answer(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Option<Response<Bytes>> {
        let path = uri.path();
        if let Some(id) = path.strip_prefix(MAPPINGS) {
            let answer = self.answer_mapping(method, id.trim_matches('/'), uri, body).await;
            return Some(answer.map_or_else(
                |error| failure(&error, headers),
                |(status, answer)| reply(status, answer.to_string().into(), headers),
            ));
        }
        let path = path.strip_prefix("/2015-03-31/functions")?;
        let mut parts = path.trim_matches('/').split('/').filter(|part| !part.is_empty());
        let name = parts.next().map(decode).unwrap_or_default();
        let (what, which) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if (method, what) == (&Method::POST, "invocations") {
            let answer = self.invoke(&name, headers, body).await;
            return Some(answer.unwrap_or_else(|error| failure(&error, headers)));
        }
        let input = match parse(body) {
            Ok(input) => input,
            Err(error) => return Some(failure(&error, headers)),
        };
        let answer = match (method.as_str(), name.as_str(), what) {
            ("POST", "", "") => self.create_function(input).await.map(|answer| (201, answer)),
            ("GET", "", "") => Ok((200, self.list_functions())),
            ("GET", _, "") => self.get_function(&name).map(|answer| (200, answer)),
            ("DELETE", _, "") => self.delete_function(&name).await.map(|answer| (204, answer)),
            ("GET", _, "configuration") => self.get_function_configuration(&name).map(|answer| (200, answer)),
            ("PUT", _, "configuration") => self
                .update_function_configuration(&name, input)
                .await
                .map(|answer| (200, answer)),
            ("PUT", _, "code") => self.update_function_code(&name).await.map(|answer| (200, answer)),
            ("POST", _, "policy") => self
                .add_permission(&name, input)
                .await
                .map(|answer| (201, answer)),
            ("GET", _, "policy") => self.get_policy(&name).map(|answer| (200, answer)),
            ("DELETE", _, "policy") => self
                .remove_permission(&name, &decode(which))
                .await
                .map(|answer| (204, answer)),
            _ => Err(AwsError::unknown_operation(&format!("{method} {path}")).with_status(404)),
        };
        Some(match answer {
            Ok((status, Value::Null)) => reply(status, Bytes::new(), headers),
            Ok((status, answer)) => reply(status, answer.to_string().into(), headers),
            Err(error) => failure(&error, headers),
        })
    }

    async fn answer_mapping(
        &self,
        method: &Method,
        id: &str,
        uri: &Uri,
        body: &Bytes,
    ) -> Result<(u16, Value), AwsError> {
        let query = uri.query().unwrap_or_default().as_bytes();
        match (method.as_str(), id) {
            ("POST", "") => Ok((202, self.create_event_source_mapping(parse(body)?).await?)),
            ("GET", "") => {
                let asked = form_urlencoded::parse(query).into_owned().collect();
                Ok((200, self.list_event_source_mappings(&asked)?))
            }
            ("GET", id) => Ok((200, self.get_event_source_mapping(id)?)),
            ("PUT", id) => Ok((202, self.update_event_source_mapping(id, parse(body)?).await?)),
            ("DELETE", id) => Ok((202, self.delete_event_source_mapping(id).await?)),
            _ => Err(AwsError::unknown_operation(&format!("{method} {}", uri.path())).with_status(404)),
        }
    }

    async fn invoke(
        &self,
        name: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Response<Bytes>, AwsError> {
        let kind = headers
            .get(INVOCATION_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("RequestResponse");
        let most = if kind == "Event" {
            LARGEST_LATER
        } else {
            LARGEST_EVENT
        };
        if body.len() > most {
            let message = format!(
                "{} byte payload is too large for the {kind} invocation type (limit {most} bytes)",
                body.len()
            );
            return Err(AwsError::sender("RequestTooLargeException", message).with_status(413));
        }
        let payload = match body.is_empty() {
            true => json!({}),
            false => serde_json::from_slice(body).map_err(|e| {
                AwsError::sender(
                    "InvalidRequestContentException",
                    format!("Could not parse request body into json: {e}"),
                )
            })?,
        };
        match kind {
            "DryRun" => {
                self.function(name)?;
                Ok(reply(204, Bytes::new(), headers))
            }
            "Event" => {
                self.run_later(name, payload).await?;
                Ok(reply(202, Bytes::new(), headers))
            }
            "RequestResponse" => {
                let result = self.run(name, payload, &Uuid::new_v4().to_string()).await?;
                Ok(invoked(result, headers))
            }
            other => Err(AwsError::validation(format!(
                "Value '{other}' at 'invocationType' is not one of Event, RequestResponse, DryRun"
            ))),
        }
    }
}

fn invoked(result: Result<Value, FunctionError>, headers: &HeaderMap) -> Response<Bytes> {
    let (body, failed) = match result {
        Ok(answer) => (answer, false),
        Err(error) => (
            json!({ "errorType": error.name, "errorMessage": error.message }),
            true,
        ),
    };
    let mut response = reply(200, body.to_string().into(), headers);
    response
        .headers_mut()
        .insert(VERSION, HeaderValue::from_static("$LATEST"));
    if failed {
        response
            .headers_mut()
            .insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    }
    response
}

/// `%3A` and the like; SDKs write them in the ARNs of paths.
pub(crate) fn decode(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()];
        let value = digits.iter().try_fold(0u8, |value, digit| {
            let digit = char::from((*digit)?).to_digit(16)?;
            value.checked_mul(16)?.checked_add(u8::try_from(digit).ok()?)
        });
        match value {
            Some(value) => bytes.push(value),
            None => bytes.extend([b'%'].into_iter().chain(digits.into_iter().flatten())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
