//! `GET /tickets`

use axum::extract::State;
use domain::id::UserId;
use domain::page::Page;
use domain::permission::Permission;
use runtime::extract::{Query, page};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Deserialize;
use store::Table;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::ticket_view::TicketView;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TicketList {
    /// Whose tickets; one's own where it is not given.
    requester: Option<String>,
    /// Items on a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TicketRead);
    Endpoint::new(
        access,
        vec![table(Table::Tickets, "Query")],
        routes!(list_tickets),
    )
}

/// List a person's tickets, newest first
#[utoipa::path(get, path = "/api/v1/tickets", params(TicketList),
    responses((status = 200, description = "A page of tickets", body = Page<TicketView>)))]
async fn list_tickets(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<TicketList>,
) -> ApiResult<Page<TicketView>> {
    let requester = match list.requester {
        Some(id) if id != caller.user.as_str() => {
            caller.require(Permission::TicketReadAll)?;
            UserId::parse(id).map_err(|_| domain::Error::NotFound("user"))?
        }
        _ => caller.user,
    };
    let page = page(list.limit, list.cursor)?;
    let tickets = app.store.ticket_list(&caller.tenant, &requester, &page).await?;
    Ok(Answer::ok(tickets.map(TicketView::from)))
}
