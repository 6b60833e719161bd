//! `GET /forms/{key}`

use axum::extract::State;
use domain::Error;
use domain::form::Form;
use domain::id::Key;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::FormRead);
    Endpoint::new(access, vec![table(Table::Forms, "GetItem")], routes!(get_form))
}

/// Get a form's draft, and which version is published
#[utoipa::path(get, path = "/api/v1/forms/{key}", params(("key" = String, Path)),
    responses((status = 200, description = "The form", body = Form)))]
async fn get_form(State(app): State<App>, caller: Caller, Path(key): Path<Key>) -> ApiResult<Form> {
    let form = app
        .store
        .form_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("form"))?;
    let revision = form.revision;
    Ok(Answer::ok(form).revision(revision))
}
