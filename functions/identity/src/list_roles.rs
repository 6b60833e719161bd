//! `GET /roles`

use axum::extract::State;
use domain::id::Key;
use domain::page::Page;
use domain::permission::{BUILT_IN_ROLES, BuiltInRole, Permission};
use domain::user::Role;
use runtime::extract::{ListParams, Query};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::RoleRead);
    Endpoint::new(access, vec![table(Table::Identity, "Query")], routes!(list_roles))
}

/// List the roles
///
/// The built-in ones lead the first page, beyond its limit.
#[utoipa::path(get, path = "/api/v1/roles", params(ListParams),
    responses((status = 200, description = "A page of roles", body = Page<Role>)))]
async fn list_roles(
    State(app): State<App>,
    caller: Caller,
    Query(list): Query<ListParams>,
) -> ApiResult<Page<Role>> {
    let first = list.cursor.is_none();
    let mut page = app.store.role_list(&caller.tenant, &list.page()?).await?;
    if first {
        page.items
            .splice(0..0, BUILT_IN_ROLES.iter().filter_map(built_in));
    }
    Ok(Answer::ok(page))
}

/// A built-in role in the form of the others.
pub(crate) fn built_in(role: &BuiltInRole) -> Option<Role> {
    let key = Key::parse(role.key).ok()?;
    Some(Role {
        key,
        name: role.name(),
        permissions: role.permissions.to_vec(),
        built_in: true,
    })
}
