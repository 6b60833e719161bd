//! Answers of the API operation TestState.

use asl::test_state::test_state;
use serde_json::Value;

use super::compare::{Comparison, normalised};

pub(crate) fn check(case: &Value) -> Result<(), String> {
    let mut request = case["request"].clone();
    answer_for_the_world(&mut request, &case["response"]);
    let answer = test_state(&request);
    let expected = &case["response"];
    match (case["outcome"].as_str(), answer) {
        (Some("error"), Err(error)) => {
            let (code, message) = match expected["Error"]["Code"].as_str() {
                Some(code) => (code, expected["message"].as_str().unwrap_or_default()),
                None => (
                    expected["exception_typename"].as_str().unwrap_or_default(),
                    expected["exception_value"].as_str().unwrap_or_default(),
                ),
            };
            // The client's exception tells the operation before the message.
            if code == error.code && message.ends_with(&error.message) {
                Ok(())
            } else {
                Err(format!("expected {code}: {message}, got {error}"))
            }
        }
        (Some("error"), Ok(answer)) => Err(format!("expected {expected}, got {answer}")),
        (_, Err(error)) => Err(format!("expected {expected}, got {error}")),
        (_, Ok(answer)) => {
            let mut expected = expected.clone();
            if let Some(fields) = expected.as_object_mut() {
                fields.remove("ResponseMetadata");
            }
            let mut comparison = Comparison::new(&case["redactions"]);
            match comparison.difference(&normalised(&expected), &normalised(&answer), "") {
                Some(difference) => Err(difference),
                None => Ok(()),
            }
        }
    }
}

/// A Task without a mock called the service, whose answer is in the response.
fn answer_for_the_world(request: &mut Value, response: &Value) {
    if request["definition"]["Type"] != "Task" || !request["mock"].is_null() {
        return;
    }
    let result = response
        .pointer("/inspectionData/result")
        .unwrap_or(&response["output"]);
    if !result.is_null() {
        request["mock"] = serde_json::json!({"result": result.to_string(), "fieldValidationMode": "NONE"});
    }
}
