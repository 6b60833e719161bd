//! `POST /ticket-types`

use axum::extract::State;
use domain::id::Key;
use domain::permission::Permission;
use domain::workflow::TicketType;
use domain::{Error, Text};
use runtime::extract::Creation;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use serde::Deserialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicketType {
    #[schema(example = "expense")]
    key: Key,
    name: Text,
    /// The workflow that its tickets walk through; it names the form.
    #[schema(example = "expense-approval")]
    workflow: Key,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TicketTypeWrite);
    Endpoint::new(
        access,
        vec![table(Table::Workflows, "GetItem PutItem")],
        routes!(create_ticket_type),
    )
}

/// Create a ticket type
///
/// Its workflow must exist, and be published before the first submission.
#[utoipa::path(post, path = "/api/v1/ticket-types", request_body = NewTicketType,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 201, description = "Created", body = TicketType),
        (status = 409, description = "There is a ticket type with this key")))]
async fn create_ticket_type(
    State(app): State<App>,
    caller: Caller,
    new: Creation<NewTicketType>,
) -> ApiResult<TicketType> {
    let NewTicketType { key, name, workflow } = new.body;
    if app.store.workflow_get(&caller.tenant, &workflow).await?.is_none() {
        let message = Text::new(
            format!("There is no workflow {workflow}."),
            format!("没有流程 {workflow}。"),
        );
        return Err(Error::invalid("/workflow", "unknown", message).into());
    }
    let kind = TicketType {
        key,
        name,
        workflow,
        created_at: clock::now(),
        revision: 1,
    };
    let kind = app
        .store
        .ticket_type_create(&caller.tenant, kind, new.idempotency.as_ref())
        .await?;
    let (location, revision) = (format!("/api/v1/ticket-types/{}", kind.key), kind.revision);
    Ok(Answer::created(kind, location).revision(revision))
}
