//! `GET /forms`

use axum::extract::State;
use domain::form::Form;
use domain::page::Page;
use domain::permission::Permission;
use runtime::extract::{ListParams, Query};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::FormRead);
    Endpoint::new(access, vec![table(Table::Forms, "Query")], routes!(list_forms))
}

/// List the forms, by key
#[utoipa::path(get, path = "/api/v1/forms", params(ListParams),
    responses((status = 200, description = "A page of forms", body = Page<Form>)))]
async fn list_forms(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<ListParams>,
) -> ApiResult<Page<Form>> {
    Ok(Answer::ok(
        app.store.form_list(&caller.tenant, &list.page()?).await?,
    ))
}
