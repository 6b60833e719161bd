//! The consumer of submissions: each becomes one ticket with one running instance, however often it is delivered.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::id::{TenantId, TicketId, UserId};
use domain::instance::Instance;
use domain::ticket::Submission;
use domain::workflow::WorkflowVersion;
use domain::{Detail, Error, Result, Text};
use runtime::grant::Queue;
use runtime::queue::each_message;
use runtime::{App, FunctionError, Handler, Trigger, clock, json, queue_grant, state_machines, table};
use serde_json::Value;
use store::Table;
use store::tickets::{FailedSubmission, Reason};

use crate::submit_ticket::{MAX_VALUES, title_faults, version_of_type};

pub fn handler() -> Handler {
    let grants = vec![
        queue_grant(
            Queue::Submissions,
            "ReceiveMessage DeleteMessage GetQueueAttributes",
        ),
        table(Table::Tickets, "GetItem PutItem"),
        table(Table::Workflows, "GetItem"),
        table(Table::Forms, "GetItem"),
        state_machines("StartExecution"),
    ];
    Handler::new(
        "create_tickets",
        Trigger::Queue(Queue::Submissions),
        grants,
        create_tickets,
    )
}

async fn create_tickets(app: App, event: SqsEvent) -> Result<SqsBatchResponse, FunctionError> {
    each_message(event, async |body| handle(&app, &body).await).await
}

async fn handle(app: &App, body: &str) -> Result<()> {
    let outcome = create(app, body).await;
    if let Err(error) = &outcome
        && !error.is_transient()
    {
        // It ends in the dead-letter queue; who submitted it is told at once.
        note_failure(app, body, error).await?;
    }
    outcome
}

/// The ticket first, its execution second: a delivery that was cut off between the two is taken up by the next one.
async fn create(app: &App, body: &str) -> Result<()> {
    let submission: Submission = json::value(body.as_bytes()).and_then(json::typed)?;
    let tenant = submission.tenant.clone();
    let version = check(app, &submission).await?;
    let ticket = submission.into_ticket(version.key.clone(), version.version);
    if app.store.ticket_create(&tenant, &ticket).await? {
        return engine::start::start(app, &tenant, &Instance::of_ticket(&ticket), &version).await;
    }
    // Delivered again: what counts is the ticket as it was created, also where another version is current by now.
    let there = app
        .store
        .ticket_get(&tenant, &ticket.id)
        .await?
        .ok_or(Error::NotFound("ticket"))?;
    engine::start::start_again(app, &tenant, &Instance::of_ticket(&there)).await
}

/// Producers write to the queue without passing the endpoint, so everything is checked here again.
async fn check(app: &App, submission: &Submission) -> Result<Arc<WorkflowVersion>> {
    let tenant = &submission.tenant;
    let current = version_of_type(app, tenant, &submission.kind).await?;
    let version = match submission.workflow_version {
        Some(version) if version != current.version => {
            let found = app
                .definitions
                .workflow_version(tenant, &current.key, version)
                .await?;
            let message = Text::new("There is no such version of the workflow.", "流程没有此版本。");
            found.ok_or_else(|| Error::invalid("/workflow_version", "unknown", message))?
        }
        _ => current,
    };
    let mut faults = title_faults(&submission.title);
    if submission.values.to_string().len() > MAX_VALUES {
        let message = Text::new("The values are larger than 200 KiB.", "表单内容超过 200 KiB。");
        faults.push(Detail::new("/values", "too_large", message));
    } else {
        let form = app
            .definitions
            .form(tenant, &version.form, version.form_version)
            .await?;
        faults.extend(form.check(&submission.values, "/values"));
    }
    if faults.is_empty() {
        Ok(version)
    } else {
        Err(Error::Validation(faults))
    }
}

/// Writes why, where the message says enough to know which submission it was.
async fn note_failure(app: &App, body: &str, error: &Error) -> Result<()> {
    let Ok(message) = serde_json::from_str::<Value>(body) else {
        return Ok(());
    };
    let text = |member: &str| message.get(member).and_then(Value::as_str);
    let tenant = text("tenant").and_then(|id| TenantId::parse(id).ok());
    let ticket = text("ticket").and_then(|id| TicketId::parse(id).ok());
    let requester = text("requester").and_then(|id| UserId::parse(id).ok());
    let (Some(tenant), Some(ticket), Some(requester)) = (tenant, ticket, requester) else {
        return Ok(());
    };
    let mut reasons: Vec<Reason> = error.details().iter().map(reason).collect();
    if reasons.is_empty() {
        reasons.push(Reason {
            pointer: String::new(),
            code: format!("{:?}", error.code()),
            message: error.message(),
        });
    }
    let failure = FailedSubmission {
        ticket,
        requester,
        failed_at: clock::now(),
        reasons,
    };
    app.store.submission_failed(&tenant, &failure).await
}

fn reason(detail: &Detail) -> Reason {
    Reason {
        pointer: detail.pointer.clone(),
        code: detail.code.clone(),
        message: detail.message.clone(),
    }
}
