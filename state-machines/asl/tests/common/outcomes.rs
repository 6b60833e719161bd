//! Executions of which only the result was recorded.

use asl::simulate::{Simulation, World, simulate};
use asl::types::StateMachine;
use asl::{Command, Event, ExecutionContext, Machine, Outcome, Timestamp};
use serde_json::{Value, json};

use super::compare::{Comparison, normalised};

/// Answers every task with the failure that the recorded output shows to have been caught.
struct Failing {
    error: Option<String>,
    cause: Option<String>,
}

impl World for Failing {
    fn task(&mut self, _task: &Command, token: &str) -> Vec<Event> {
        vec![Event::TaskFailed {
            token: token.to_owned(),
            error: self.error.clone(),
            cause: self.cause.clone(),
        }]
    }
}

pub(crate) fn check(kind: &str, redactions: &Value, case: &Value) -> Result<(), String> {
    let definition =
        StateMachine::parse(&case["definition"].to_string()).map_err(|error| error.to_string())?;
    let machine = Machine::new(&definition).map_err(|problems| format!("{problems:?}"))?;
    let expected = &case["expected"];
    let output = expected.pointer("/details/output").unwrap_or(&expected["output"]);
    let text = |name: &str| output[name].as_str().map(str::to_owned);
    let mut world = Failing {
        error: text("Error"),
        cause: text("Cause"),
    };
    let express = kind.starts_with("express");
    let context = ExecutionContext {
        id: "arn:aws:states:us-east-1:111111111111:express:machine:a:b".into(),
        name: "a".into(),
        role_arn: Some("sfn_role_arn".into()),
        started: Timestamp::from_milliseconds(1_700_000_000_000),
        state_machine_id: "arn:aws:states:us-east-1:111111111111:stateMachine:machine".into(),
        state_machine_name: "machine".into(),
        redrive_count: (!express).then_some(0),
        seed: 1,
    };
    let run = simulate(&machine, case["input"].clone(), context, &mut world);
    let actual = if expected["type"].is_string() {
        last_event(&run)
    } else {
        result(&run)
    };
    let mut wanted = expected.clone();
    // What the service knows and no interpreter: names, durations and instants of the call.
    if let (Some(wanted), Some(actual)) = (wanted.as_object_mut(), actual.as_object()) {
        wanted.retain(|name, _| {
            actual.contains_key(name) || matches!(name.as_str(), "output" | "error" | "cause")
        });
    }
    let mut comparison = Comparison::new(redactions);
    match comparison.difference(&normalised(&wanted), &normalised(&actual), "") {
        Some(difference) => Err(difference),
        None => Ok(()),
    }
}

fn last_event(run: &Simulation) -> Value {
    let event = run
        .history
        .last()
        .map(asl::HistoryEvent::to_json)
        .unwrap_or_default();
    let fields = event.as_object().into_iter().flatten();
    let details = fields
        .filter(|(name, _)| name.ends_with("EventDetails"))
        .map(|(_, details)| details.clone())
        .next();
    json!({
        "type": event["type"],
        "id": event["id"].to_string(),
        "previous_event_id": event["previousEventId"].to_string(),
        "details": details,
    })
}

fn result(run: &Simulation) -> Value {
    match &run.outcome {
        Some(Outcome::Succeeded { output }) => json!({"status": "SUCCEEDED", "output": output}),
        Some(Outcome::Failed { error, cause }) => {
            let mut result = json!({"status": "FAILED"});
            for (name, value) in [("error", error), ("cause", cause)] {
                if let Some(value) = value {
                    result[name] = value.as_str().into();
                }
            }
            result
        }
        other => json!({"status": format!("{other:?}")}),
    }
}
