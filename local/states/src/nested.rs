//! `states:startExecution`: executions that executions start, and wait for.

use std::sync::Arc;

use asl::Event;
use serde_json::{Value, json};

use crate::Status;
use crate::db::executions::{self, ExecutionRow, Waits};
use crate::error::{AwsError, Error, Result};
use crate::host::TaskError;
use crate::json::Json;
use crate::operations::start_execution::{self, Start};
use crate::resource::Pattern;
use crate::run::{Because, Begun};
use crate::service::Service;
use crate::work::Work;

impl Service {
    /// Starts the execution that a task asks for; what the task has to be told.
    pub(crate) async fn start_execution(self: &Arc<Self>, work: &Work, pattern: Pattern) -> Event {
        let token = work.token.clone();
        loop {
            let failed = match self.start_child(work, pattern).await {
                Ok(begun) => {
                    let output = started(&begun);
                    return match pattern {
                        Pattern::Response => Event::TaskSucceeded { token, output },
                        Pattern::Token | Pattern::Sync { .. } => Event::TaskSubmitted { token, output },
                    };
                }
                Err(Error::Refused(refused)) => refusal(&refused),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "cannot start an execution"
                    );
                    self.pause().await;
                    continue;
                }
            };
            return Event::TaskFailed {
                token,
                error: Some(failed.error),
                cause: Some(failed.cause),
            };
        }
    }

    async fn start_child(self: &Arc<Self>, work: &Work, pattern: Pattern) -> Result<Begun> {
        let text = |name: &str| work.arguments.get(name).and_then(Value::as_str);
        let arn = text("StateMachineArn")
            .ok_or_else(|| AwsError::validation("The field 'StateMachineArn' is required but was missing"))?;
        let input = match work.arguments.get("Input") {
            None => "{}".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        // Of the same task always the same, so that doing it again starts nothing twice.
        let derived = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, work.token.as_bytes());
        let start = Start {
            arn,
            name: Some(text("Name").map_or_else(|| derived.to_string(), str::to_owned)),
            input,
            trace: None,
            parent: Some((
                work.id(),
                match pattern {
                    Pattern::Sync { json: true } => Waits::Json,
                    Pattern::Sync { json: false } => Waits::Text,
                    Pattern::Response | Pattern::Token => Waits::Not,
                },
            )),
        };
        start_execution::start(self, start).await
    }

    /// Tells the task that waits for an execution that it has ended.
    pub(crate) async fn tell_parent(self: &Arc<Self>, child: &ExecutionRow) -> Result<()> {
        let Some(parent) = child.parent else { return Ok(()) };
        let token = self.key.token(parent);
        let begun = Begun {
            arn: self.partition.execution(&child.machine, &child.name),
            started: child.started,
        };
        let answer = self.end_of(child, child.waits == Waits::Json);
        let ended = match child.status {
            Status::Succeeded => Event::TaskSucceeded {
                token: token.clone(),
                output: answer,
            },
            _ => Event::TaskFailed {
                token: token.clone(),
                error: Some("States.TaskFailed".to_owned()),
                cause: Some(answer.to_string()),
            },
        };
        let changed = self.change(parent.execution, Because::Answered(parent.event), |live| {
            let mut events = Vec::new();
            // The child may end before its start was told.
            if live.calls.contains(&parent.event) {
                let output = started(&begun);
                events.push(Event::TaskSubmitted { token, output });
            }
            events.push(ended);
            Ok(events)
        });
        changed.await.map(drop)
    }

    /// An execution that has ended, as its starter sees it.
    fn end_of(&self, child: &ExecutionRow, json: bool) -> Value {
        let data = |text: &str| match serde_json::from_str::<Value>(text) {
            Ok(value) if json => value,
            _ => Value::from(text),
        };
        let mut seen = json!({
            "ExecutionArn": self.partition.execution(&child.machine, &child.name),
            "Input": data(&child.input),
            "InputDetails": { "Included": true },
            "Name": child.name,
            "RedriveCount": child.redrives,
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": format!("Execution is {} and cannot be redriven", child.status.as_str()),
            "StartDate": child.started,
            "StateMachineArn": self.partition.machine(&child.machine),
            "Status": child.status.as_str(),
            "StopDate": child.stopped,
        });
        let output = child.output.as_deref();
        seen.put_some("OutputDetails", output.map(|_| json!({ "Included": true })));
        seen.put_some("Output", output.map(data));
        seen.put_some("Error", child.error.as_deref());
        seen.put_some("Cause", child.cause.as_deref());
        seen
    }

    /// Nobody waits for the task any longer: what it started and waits for is stopped.
    pub(crate) fn stop_children(self: &Arc<Self>, parent: i64, task: u32) {
        let service = Arc::clone(self);
        self.spawn(async move {
            let children = service
                .db
                .read(move |db| executions::running_children(db, parent))
                .await;
            let children = match children {
                Ok(children) => children,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot stop children");
                    return;
                }
            };
            for (child, _) in children.into_iter().filter(|(_, of)| *of == task) {
                let stop = Event::Stop {
                    error: None,
                    cause: None,
                };
                service.report(child, Because::Else, stop).await;
            }
        });
    }
}

fn started(begun: &Begun) -> Value {
    json!({ "ExecutionArn": begun.arn, "StartDate": begun.started })
}

/// A refused call in the words of the integration.
fn refusal(error: &AwsError) -> TaskError {
    let name = error.code.strip_suffix("Exception").unwrap_or(&error.code);
    TaskError::new(
        format!("StepFunctions.{name}Exception"),
        format!(
            "{} (Service: AWSStepFunctions; Status Code: {}; Error Code: {})",
            error.message, error.status, error.code
        ),
    )
}
