//! `PUT /forms/{key}`

use axum::extract::State;
use domain::form::{Form, FormValidator};
use domain::id::Key;
use domain::permission::Permission;
use domain::{Error, Text};
use runtime::extract::{IfMatch, Json, Path};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use serde::Deserialize;
use serde_json::Value;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedForm {
    /// The key of the path, where it is given.
    key: Option<Key>,
    name: Text,
    #[schema(value_type = Object)]
    schema: Value,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::FormWrite);
    Endpoint::new(
        access,
        vec![table(Table::Forms, "GetItem PutItem")],
        routes!(update_form),
    )
}

/// Change a form's draft
///
/// Published versions stay as they are.
#[utoipa::path(put, path = "/api/v1/forms/{key}", request_body = ChangedForm,
    params(("key" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses((status = 200, description = "Changed", body = Form),
        (status = 412, description = "The form has changed since it was read")))]
async fn update_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<Key>,
    if_match: IfMatch,
    Json(body): Json<ChangedForm>,
) -> ApiResult<Form> {
    if body.key.is_some_and(|named| named != key) {
        let message = Text::new("The key cannot be changed.", "标识不能修改。");
        return Err(Error::invalid("/key", "const", message).into());
    }
    FormValidator::new(&body.schema, "/schema")?;
    let form = app
        .store
        .form_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("form"))?;
    if_match.check(form.revision)?;
    let revision = form.revision + 1;
    let form = Form {
        name: body.name,
        schema: body.schema,
        updated_at: clock::now(),
        updated_by: caller.user,
        revision,
        ..form
    };
    app.store.form_replace(&caller.tenant, &form).await?;
    Ok(Answer::ok(form).revision(revision))
}
