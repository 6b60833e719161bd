//! A task that waits for a token hands one out, and the integration can wait.

use serde_json::Value;

use crate::types::StateType;
use crate::validate::document::Document;
use crate::validate::report::Findings;

/// Integrations that can wait for a token. All of `aws-sdk` can.
const CALLBACK: [&str; 9] = [
    "lambda",
    "sqs",
    "sns",
    "ecs",
    "events",
    "apigateway",
    "states",
    "http",
    "aws-sdk",
];

pub(super) fn check(document: &Document<'_>, findings: &mut Findings<'_>) {
    for state in &document.states {
        let Some(resource) = state
            .text("Resource")
            .filter(|_| state.kind == Some(StateType::Task))
        else {
            continue;
        };
        let Some(action) = resource.strip_suffix(".waitForTaskToken") else {
            continue;
        };
        let service = action
            .split(":states:::")
            .nth(1)
            .and_then(|action| action.split(':').next());
        if service.is_some_and(|service| !CALLBACK.contains(&service) && !service.contains("${")) {
            findings.error(
                document.at(state, "Resource"),
                "this integration cannot wait for a task token",
            );
        }
        let given = ["Parameters", "Arguments"]
            .iter()
            .filter_map(|field| state.fields.get(*field));
        let mut given = given.peekable();
        if given.peek().is_none() || !given.any(hands_out_token) {
            findings.error(document.pointer(state), "the task hands its token to nobody");
        }
    }
}

fn hands_out_token(value: &Value) -> bool {
    match value {
        // `$$.Task.Token`, `$states.context.Task.Token`, or the whole of the context.
        Value::String(text) => {
            text.contains("Task.Token")
                || text.contains("$states.context")
                || text.contains("['Task']")
                || text.starts_with("$$")
                || text.contains("$$.Task")
        }
        Value::Array(items) => items.iter().any(hands_out_token),
        Value::Object(fields) => fields.values().any(hands_out_token),
        _ => false,
    }
}
