//! `POST /roles`

use axum::extract::State;
use domain::id::Key;
use domain::permission::{BuiltInRole, Permission};
use domain::user::Role;
use domain::{Detail, Error, Result, Text};
use runtime::extract::Creation;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Deserialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    #[schema(example = "director")]
    key: Key,
    name: Text,
    /// Names as in the answer of `GET /roles`.
    #[schema(example = json!(["task:read", "task:act"]))]
    permissions: Vec<String>,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::RoleWrite);
    Endpoint::new(
        access,
        vec![table(Table::Identity, "PutItem")],
        routes!(create_role),
    )
}

/// Create a role
#[utoipa::path(post, path = "/api/v1/roles", request_body = NewRole,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 201, description = "Created", body = Role),
        (status = 409, description = "There is a role with this key")))]
async fn create_role(State(app): State<App>, caller: Caller, new: Creation<NewRole>) -> ApiResult<Role> {
    let NewRole {
        key,
        name,
        permissions,
    } = new.body;
    if BuiltInRole::find(key.as_str()).is_some() {
        let message = Text::new("This is a built-in role.", "这是内置角色。");
        return Err(Error::conflict(message).into());
    }
    let role = Role {
        key,
        name,
        permissions: known(&permissions)?,
        built_in: false,
    };
    let role = app
        .store
        .role_create(&caller.tenant, role, new.idempotency.as_ref())
        .await?;
    let location = format!("/api/v1/roles/{}", role.key);
    Ok(Answer::created(role, location))
}

fn known(names: &[String]) -> Result<Vec<Permission>> {
    let mut permissions = Vec::new();
    let mut faults = Vec::new();
    for (n, name) in names.iter().enumerate() {
        match Permission::parse(name) {
            Some(permission) => permissions.push(permission),
            None => {
                let message = Text::new("There is no such permission.", "没有此权限。");
                faults.push(Detail::new(format!("/permissions/{n}"), "unknown", message));
            }
        }
    }
    permissions.sort_unstable();
    permissions.dedup();
    if faults.is_empty() {
        Ok(permissions)
    } else {
        Err(Error::Validation(faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unknown_permission_is_told() {
        let error = known(&["task:fly".to_owned(), "task:act".to_owned(), "x".to_owned()]).unwrap_err();
        let pointers: Vec<_> = error
            .details()
            .iter()
            .map(|detail| detail.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/permissions/0", "/permissions/2"]);
    }
}
