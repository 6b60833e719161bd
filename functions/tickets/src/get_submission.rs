//! `GET /tickets/submissions/{id}`

use axum::extract::State;
use domain::id::TicketId;
use domain::permission::Permission;
use domain::{Detail, Error, Text};
use runtime::envelope::FailureDetail;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Serialize;
use store::Table;
use store::tickets::Submitted;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::submission_id::SubmissionId;

/// What has become of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmissionView {
    id: String,
    status: SubmissionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_id: Option<TicketId>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SubmissionError>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    Queued,
    Created,
    Failed,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SubmissionError {
    message: String,
    details: Vec<FailureDetail>,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TicketRead);
    Endpoint::new(
        access,
        vec![table(Table::Tickets, "Query")],
        routes!(get_submission),
    )
}

/// Tell what has become of a submission
#[utoipa::path(get, path = "/api/v1/tickets/submissions/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "Queued, created or failed", body = SubmissionView)))]
async fn get_submission(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> ApiResult<SubmissionView> {
    let id = SubmissionId::open(&text, &app.config.submission_key, &caller.tenant)?;
    let id = id.ok_or(Error::NotFound("submission"))?;
    if id.submitter != caller.user {
        caller.require(Permission::TicketReadAll)?;
    }
    let mut view = SubmissionView {
        id: text,
        status: SubmissionStatus::Queued,
        ticket_id: None,
        error: None,
    };
    match app.store.submission_get(&caller.tenant, &id.ticket_id()).await? {
        Submitted::Nothing => {}
        Submitted::Created(ticket) => {
            view.status = SubmissionStatus::Created;
            view.ticket_id = Some(ticket.id);
        }
        Submitted::Failed(failure) => {
            view.status = SubmissionStatus::Failed;
            view.error = Some(error(failure.reasons));
        }
    }
    Ok(Answer::ok(view))
}

fn error(reasons: Vec<store::tickets::Reason>) -> SubmissionError {
    let language = runtime::request::current().language;
    let message = Text::new(
        "The submission could not become a ticket.",
        "该提交未能生成工单。",
    );
    let detail = |reason: store::tickets::Reason| {
        FailureDetail::new(
            &Detail::new(reason.pointer, &reason.code, reason.message),
            language,
        )
    };
    SubmissionError {
        message: message.get(language).to_owned(),
        details: reasons.into_iter().map(detail).collect(),
    }
}
