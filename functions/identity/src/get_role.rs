//! `GET /roles/{key}`

use axum::extract::State;
use domain::Error;
use domain::id::Key;
use domain::permission::{BuiltInRole, Permission};
use domain::user::Role;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

use crate::list_roles::built_in;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::RoleRead);
    Endpoint::new(access, vec![table(Table::Identity, "GetItem")], routes!(get_role))
}

/// Get a role
#[utoipa::path(get, path = "/api/v1/roles/{key}", params(("key" = String, Path)),
    responses((status = 200, description = "The role", body = Role)))]
async fn get_role(State(app): State<App>, caller: Caller, Path(key): Path<Key>) -> ApiResult<Role> {
    if let Some(role) = BuiltInRole::find(key.as_str()).and_then(built_in) {
        return Ok(Answer::ok(role));
    }
    let role = app.store.role_get(&caller.tenant, &key).await?;
    Ok(Answer::ok(role.ok_or(Error::NotFound("role"))?))
}
