//! `POST /forms`

use axum::extract::State;
use domain::Text;
use domain::form::{Form, FormValidator};
use domain::id::Key;
use domain::permission::Permission;
use runtime::extract::Creation;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use serde::Deserialize;
use serde_json::Value;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewForm {
    #[schema(example = "expense-claim")]
    key: Key,
    name: Text,
    /// JSON Schema 2020-12 of an object. References to other documents are refused.
    #[schema(value_type = Object)]
    schema: Value,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::FormWrite);
    Endpoint::new(access, vec![table(Table::Forms, "PutItem")], routes!(create_form))
}

/// Create a form, as a draft
#[utoipa::path(post, path = "/api/v1/forms", request_body = NewForm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 201, description = "Created", body = Form),
        (status = 409, description = "There is a form with this key")))]
async fn create_form(State(app): State<App>, caller: Caller, new: Creation<NewForm>) -> ApiResult<Form> {
    FormValidator::new(&new.body.schema, "/schema")?;
    let form = Form {
        key: new.body.key,
        name: new.body.name,
        schema: new.body.schema,
        published: None,
        updated_at: clock::now(),
        updated_by: caller.user.clone(),
        revision: 1,
    };
    let form = app
        .store
        .form_create(&caller.tenant, form, new.idempotency.as_ref())
        .await?;
    let (location, revision) = (format!("/api/v1/forms/{}", form.key), form.revision);
    Ok(Answer::created(form, location).revision(revision))
}
