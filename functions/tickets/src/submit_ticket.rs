//! `POST /tickets/submissions`

use axum::extract::State;
use domain::id::Key;
use domain::permission::Permission;
use domain::ticket::{Priority, Submission};
use domain::workflow::WorkflowVersion;
use domain::{Detail, Error, Result, Text};
use http::HeaderMap;
use runtime::extract::{Json, idempotency_key};
use runtime::grant::Queue;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, queue_grant, table};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::submission_id::SubmissionId;

/// Bytes that the values may have, as JSON.
pub(crate) const MAX_VALUES: usize = 200 * 1024;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubmission {
    /// The key of a ticket type.
    #[serde(rename = "type")]
    #[schema(example = "expense")]
    kind: Key,
    /// 1 to 200 characters.
    #[schema(example = "Train to Shanghai")]
    title: String,
    #[serde(default)]
    priority: Priority,
    /// What was filled into the form; at most 200 KiB.
    #[schema(value_type = Object, example = json!({"amount": 1200}))]
    values: Value,
}

/// A submission that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queued {
    id: String,
    #[schema(example = "queued")]
    status: &'static str,
}

pub fn endpoint() -> Endpoint {
    let grants = vec![
        queue_grant(Queue::Submissions, "SendMessage"),
        // Definitions, when they are not in the function's memory.
        table(Table::Workflows, "GetItem"),
        table(Table::Forms, "GetItem"),
    ];
    Endpoint::new(
        Access::Permission(Permission::TicketSubmit),
        grants,
        routes!(submit_ticket),
    )
}

/// Submit a ticket
///
/// Checks the values against the form, puts the submission into a queue and answers at once. The `Idempotency-Key`
/// determines the id: of submissions under one key the first counts.
#[utoipa::path(post, path = "/api/v1/tickets/submissions", request_body = NewSubmission,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 202, description = "Taken; `Location` tells what becomes of it", body = Queued)))]
async fn submit_ticket(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<NewSubmission>,
) -> ApiResult<Queued> {
    let idempotency = idempotency_key(&headers)?;
    let mut faults = title_faults(&body.title);
    let version = version_of_type(&app, &caller.tenant, &body.kind).await;
    match &version {
        Ok(version) => faults.extend(value_faults(&app, &caller, version, &body.values).await?),
        Err(Error::Validation(found)) => faults.extend(found.iter().cloned()),
        Err(_) => {}
    }
    if !faults.is_empty() {
        return Err(Error::Validation(faults).into());
    }
    let version = version?;
    let key = &app.config.submission_key;
    let id = SubmissionId::new(key, &caller.tenant, &caller.user, idempotency.as_deref())?;
    let submission = Submission {
        tenant: caller.tenant.clone(),
        ticket: id.ticket_id(),
        requester: caller.user,
        kind: body.kind,
        title: body.title.trim().to_owned(),
        priority: body.priority,
        values: body.values,
        workflow_version: Some(version.version),
        submitted_at: clock::now(),
    };
    send(&app, &submission).await?;
    let id = id.seal(key, &caller.tenant)?;
    let location = format!("/api/v1/tickets/submissions/{id}");
    Ok(Answer::accepted(Queued { id, status: "queued" }, location))
}

async fn send(app: &App, submission: &Submission) -> Result<()> {
    let body = serde_json::to_string(submission).map_err(|e| Error::internal("write a submission", e))?;
    let sent = app
        .sqs
        .send_message()
        .queue_url(&app.config.submissions_queue_url)
        .message_body(body)
        .send()
        .await;
    sent.map(|_| ())
        .map_err(|e| store::aws_error("put a submission into the queue", e))
}

pub(crate) fn title_faults(title: &str) -> Vec<Detail> {
    if (1..=200).contains(&title.trim().chars().count()) {
        return Vec::new();
    }
    vec![Detail::new(
        "/title",
        "length",
        Text::new("A title has 1 to 200 characters.", "标题须为 1 到 200 个字符。"),
    )]
}

/// The published version of a ticket type's workflow.
pub(crate) async fn version_of_type(
    app: &App,
    tenant: &domain::id::TenantId,
    kind: &Key,
) -> Result<std::sync::Arc<WorkflowVersion>> {
    let Some(kind) = app.definitions.ticket_type(tenant, kind).await? else {
        let message = Text::new("There is no such ticket type.", "没有此工单类型。");
        return Err(Error::invalid("/type", "unknown", message));
    };
    app.definitions
        .published(tenant, &kind.workflow)
        .await?
        .ok_or_else(|| {
            let message = Text::new(
                format!(
                    "The workflow {} of this ticket type is not published.",
                    kind.workflow
                ),
                format!("该工单类型的流程 {} 尚未发布。", kind.workflow),
            );
            Error::invalid("/type", "not_published", message)
        })
}

async fn value_faults(
    app: &App,
    caller: &Caller,
    version: &WorkflowVersion,
    values: &Value,
) -> Result<Vec<Detail>> {
    if values.to_string().len() > MAX_VALUES {
        let message = Text::new("The values are larger than 200 KiB.", "表单内容超过 200 KiB。");
        return Ok(vec![Detail::new("/values", "too_large", message)]);
    }
    let form = app
        .definitions
        .form(&caller.tenant, &version.form, version.form_version)
        .await?;
    Ok(form.check(values, "/values"))
}
