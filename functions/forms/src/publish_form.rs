//! `POST /forms/{key}/publish`

use axum::extract::State;
use domain::Error;
use domain::form::{Form, FormVersion};
use domain::id::Key;
use domain::permission::Permission;
use runtime::extract::{IfMatch, Path};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::FormWrite);
    Endpoint::new(
        access,
        vec![table(Table::Forms, "GetItem PutItem")],
        routes!(publish_form),
    )
}

/// Publish a form's draft as its next version
///
/// Workflows take the new version when they are published the next time: a published workflow stays with the version
/// that its rules were checked against.
#[utoipa::path(post, path = "/api/v1/forms/{key}/publish",
    params(("key" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses((status = 200, description = "Published", body = FormVersion),
        (status = 412, description = "The form has changed since it was read")))]
async fn publish_form(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<Key>,
    if_match: IfMatch,
) -> ApiResult<FormVersion> {
    let draft = app
        .store
        .form_get(&caller.tenant, &key)
        .await?
        .ok_or(Error::NotFound("form"))?;
    if_match.check(draft.revision)?;
    let now = clock::now();
    let version = FormVersion {
        key,
        version: draft.published.unwrap_or(0) + 1,
        name: draft.name.clone(),
        schema: draft.schema.clone(),
        published_at: now,
        published_by: caller.user.clone(),
    };
    let draft = Form {
        published: Some(version.version),
        revision: draft.revision + 1,
        ..draft
    };
    app.store.form_publish(&caller.tenant, &draft, &version).await?;
    Ok(Answer::ok(version).revision(draft.revision))
}
