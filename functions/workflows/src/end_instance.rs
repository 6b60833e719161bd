//! Executions whose status changed: the end of one is the end of its instance, and then of its ticket.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::{Error, Result};
use engine::end::{Ending, end};
use jiff::Timestamp;
use runtime::grant::Queue;
use runtime::queue::each_message;
use runtime::{App, FunctionError, Grant, Handler, Trigger, clock, queue_grant, state_machines, table};
use serde::Deserialize;
use store::Table;

pub fn handler() -> Handler {
    let mut grants = grants();
    grants.push(queue_grant(
        Queue::Executions,
        "ReceiveMessage DeleteMessage GetQueueAttributes",
    ));
    Handler::new(
        "end_instance",
        Trigger::Queue(Queue::Executions),
        grants,
        end_instance,
    )
}

/// What ending an instance, or finding that it goes on, may need.
pub(crate) fn grants() -> Vec<Grant> {
    vec![
        table(Table::Instances, "GetItem PutItem UpdateItem BatchWriteItem"),
        table(Table::Tasks, "GetItem Query UpdateItem"),
        table(Table::Tickets, "GetItem UpdateItem"),
        table(Table::Workflows, "GetItem"),
        state_machines(
            "StartExecution StopExecution DescribeExecution CreateStateMachine SendTaskSuccess SendTaskFailure",
        ),
    ]
}

/// "Step Functions Execution Status Change" of EventBridge.
#[derive(Debug, Deserialize)]
struct StatusChange {
    detail: Detail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    execution_arn: String,
    name: String,
    status: String,
    stop_date: Option<Moment>,
    input: Option<String>,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Moment {
    /// Since 1970, as AWS tells it.
    Milliseconds(i64),
    /// As LocalStack does.
    Text(Timestamp),
}

impl Moment {
    fn timestamp(self) -> Option<Timestamp> {
        match self {
            Self::Milliseconds(at) => Timestamp::from_millisecond(at).ok(),
            Self::Text(at) => Some(at),
        }
    }
}

async fn end_instance(app: App, event: SqsEvent) -> Result<SqsBatchResponse, FunctionError> {
    each_message(event, async |body| handle(&app, &body).await).await
}

async fn handle(app: &App, body: &str) -> Result<()> {
    let change: StatusChange =
        serde_json::from_str(body).map_err(|e| Error::internal("read a status change", e))?;
    let mut detail = change.detail;
    if detail.status == "RUNNING" {
        return Ok(());
    }
    if detail.input.is_none() || (detail.status == "SUCCEEDED" && detail.output.is_none()) {
        // Too large for the event.
        complete(app, &mut detail).await?;
    }
    let ending = Ending {
        name: &detail.name,
        status: &detail.status,
        input: detail.input.as_deref(),
        output: detail.output.as_deref(),
        error: detail.error.as_deref(),
        cause: detail.cause.as_deref(),
        at: detail
            .stop_date
            .and_then(Moment::timestamp)
            .unwrap_or_else(clock::now),
    };
    end(app, &ending.read()?).await
}

async fn complete(app: &App, detail: &mut Detail) -> Result<()> {
    let described = app
        .sfn
        .describe_execution()
        .execution_arn(&detail.execution_arn)
        .send()
        .await;
    let described = described.map_err(|e| store::aws_error("look at an execution", e))?;
    detail.input = described.input;
    detail.output = described.output;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(told: Value, expected: Option<&str>) {
        let moment: Moment = serde_json::from_value(told).unwrap();
        assert_eq!(moment.timestamp().map(|at| at.to_string()).as_deref(), expected);
    }

    #[test]
    fn moments_are_understood_as_every_endpoint_tells_them() {
        check(json!(1_795_161_900_000_i64), Some("2026-11-20T08:05:00Z"));
        check(
            json!("2026-11-20T08:05:00.250+00:00"),
            Some("2026-11-20T08:05:00.25Z"),
        );
        check(json!(i64::MAX), None);
    }
}
