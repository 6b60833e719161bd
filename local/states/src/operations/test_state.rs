use std::sync::Arc;

use serde_json::{Value, json};

use super::body::Body;
use crate::error::{AwsError, Error, Result};
use crate::host::{ServiceCall, TaskError};
use crate::json::Json;
use crate::resource::{Pattern, Resource};
use crate::service::Service;

/// One state alone. A task without a mock calls its service, as on AWS.
pub(super) async fn test(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    body.required("definition")?;
    let mut request = body.whole();
    if body.value("mock").is_none()
        && let Some(call) = call(body, &request)?
    {
        let mock = match service.host.call(call.0).await {
            Ok(mut result) => {
                if call.1 {
                    result = result.take_member("Payload");
                }
                json!({ "result": result.to_string(), "fieldValidationMode": "NONE" })
            }
            Err(TaskError { error, cause }) => json!({ "errorOutput": { "error": error, "cause": cause } }),
        };
        request.put("mock", mock);
    }
    run(&request)
}

fn run(request: &Value) -> Result<Value> {
    asl::test_state::test_state(request)
        .map_err(|error| Error::Refused(AwsError::new(error.code, error.message)))
}

/// What a Task state would call, and whether it is a function whose answer stands alone.
fn call(body: Body<'_>, request: &Value) -> Result<Option<(ServiceCall, bool)>> {
    let Ok(definition) = serde_json::from_str::<Value>(body.required("definition")?) else {
        return Ok(None);
    };
    let state = match (definition.get("States"), body.text("stateName")?) {
        (Some(states), Some(name)) => states.get(name),
        _ => Some(&definition),
    };
    let Some(state) = state.filter(|state| state.member("Type") == "Task") else {
        return Ok(None);
    };
    let resource = state.member("Resource").as_str().unwrap_or_default();
    let (service, action, alone) = match Resource::parse(resource) {
        Resource::Lambda => ("lambda".to_owned(), "invoke".to_owned(), true),
        Resource::Service {
            service,
            action,
            pattern: Pattern::Response,
        } => (service, action, false),
        // As on AWS, what would have to be waited for needs a mock.
        _ => return Ok(None),
    };
    let mut probe = request.clone();
    probe.put("inspectionLevel", "DEBUG");
    let inspected = run(&probe)?;
    if inspected.member("status") == "FAILED" {
        return Ok(None);
    }
    let arguments = ["afterArguments", "afterParameters", "afterInputPath", "input"]
        .iter()
        .find_map(|name| inspected.member("inspectionData").member(name).as_str())
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| json!({}));
    let arguments = if alone {
        json!({ "FunctionName": resource, "Payload": arguments })
    } else {
        arguments
    };
    let call = ServiceCall {
        service,
        action,
        arguments,
        key: String::new(),
        execution: String::new(),
        state: String::new(),
    };
    Ok(Some((call, alone)))
}
