//! `GET /users`

use axum::extract::State;
use domain::page::Page;
use domain::permission::Permission;
use domain::user::User;
use runtime::extract::{ListParams, Query};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::UserRead);
    Endpoint::new(access, vec![table(Table::Identity, "Query")], routes!(list_users))
}

/// List the users, by username
#[utoipa::path(get, path = "/api/v1/users", params(ListParams),
    responses((status = 200, description = "A page of users", body = Page<User>)))]
async fn list_users(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<ListParams>,
) -> ApiResult<Page<User>> {
    Ok(Answer::ok(
        app.store.user_list(&caller.tenant, &list.page()?).await?,
    ))
}
