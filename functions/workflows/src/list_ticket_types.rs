//! `GET /ticket-types`

use axum::extract::State;
use domain::page::Page;
use domain::permission::Permission;
use domain::workflow::TicketType;
use runtime::extract::{ListParams, Query};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::TicketTypeRead);
    Endpoint::new(
        access,
        vec![table(Table::Workflows, "Query")],
        routes!(list_ticket_types),
    )
}

/// List the ticket types, by key
#[utoipa::path(get, path = "/api/v1/ticket-types", params(ListParams),
    responses((status = 200, description = "A page of ticket types", body = Page<TicketType>)))]
async fn list_ticket_types(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<ListParams>,
) -> ApiResult<Page<TicketType>> {
    Ok(Answer::ok(
        app.store.ticket_type_list(&caller.tenant, &list.page()?).await?,
    ))
}
