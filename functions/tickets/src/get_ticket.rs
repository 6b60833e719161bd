//! `GET /tickets/{id}`

use axum::extract::State;
use domain::Error;
use domain::id::TicketId;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

use crate::ticket_view::TicketView;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TicketRead);
    Endpoint::new(
        access,
        vec![table(Table::Tickets, "GetItem")],
        routes!(get_ticket),
    )
}

/// Get a ticket
///
/// For its requester, and for those who may see all.
#[utoipa::path(get, path = "/api/v1/tickets/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "The ticket", body = TicketView)))]
async fn get_ticket(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> ApiResult<TicketView> {
    let ticket = app
        .store
        .ticket_get(&caller.tenant, &id)
        .await?
        .ok_or(Error::NotFound("ticket"))?;
    if ticket.requester != caller.user {
        caller.require(Permission::TicketReadAll)?;
    }
    let revision = ticket.revision;
    Ok(Answer::ok(ticket.into()).revision(revision))
}
