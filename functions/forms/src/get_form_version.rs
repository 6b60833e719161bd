//! `GET /forms/{key}/versions/{version}`

use axum::extract::State;
use domain::Error;
use domain::form::FormVersion;
use domain::id::Key;
use domain::permission::Permission;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::FormRead);
    Endpoint::new(
        access,
        vec![table(Table::Forms, "GetItem")],
        routes!(get_form_version),
    )
}

/// Get a published version of a form
#[utoipa::path(get, path = "/api/v1/forms/{key}/versions/{version}",
    params(("key" = String, Path), ("version" = u32, Path)),
    responses((status = 200, description = "The version", body = FormVersion)))]
async fn get_form_version(
    State(app): State<App>,
    caller: Caller,
    Path((key, version)): Path<(Key, u32)>,
) -> ApiResult<FormVersion> {
    let found = app.store.form_version_get(&caller.tenant, &key, version).await?;
    // A version never changes.
    Ok(Answer::ok(found.ok_or(Error::NotFound("form version"))?)
        .cached("private, max-age=31536000, immutable"))
}
