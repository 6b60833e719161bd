//! `GET /ticket-types/{key}`

use axum::extract::State;
use domain::Error;
use domain::id::Key;
use domain::permission::Permission;
use domain::workflow::TicketType;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TicketTypeRead);
    Endpoint::new(
        access,
        vec![table(Table::Workflows, "GetItem")],
        routes!(get_ticket_type),
    )
}

/// Get a ticket type
#[utoipa::path(get, path = "/api/v1/ticket-types/{key}", params(("key" = String, Path)),
    responses((status = 200, description = "The ticket type", body = TicketType)))]
async fn get_ticket_type(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<Key>,
) -> ApiResult<TicketType> {
    let kind = app
        .store
        .ticket_type_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("ticket type"))?;
    let revision = kind.revision;
    Ok(Answer::ok(kind).revision(revision))
}
