//! The HTTP API. Its routes stand with the functions that answer them.

use serde_json::{Value, json};

use super::{Resources, prefixed, sub};

pub(super) const API: &str = "Api";

pub(super) fn add(resources: &mut Resources) {
    // The default stage, so that no stage's name is in the path.
    let properties = json!({ "Name": prefixed("api"), "StageName": "$default", "FailOnWarnings": true });
    resources.add(API, "AWS::Serverless::HttpApi", properties);
}

pub(super) fn output() -> Value {
    json!({
        "Description": "Where the API answers, without the path's beginning /api/v1",
        "Value": sub(format!("https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}")),
    })
}
