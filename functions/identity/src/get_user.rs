//! `GET /users/{id}`

use axum::extract::State;
use domain::Error;
use domain::id::UserId;
use domain::permission::Permission;
use domain::user::User;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use store::Table;
use utoipa_axum::routes;

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::UserRead);
    Endpoint::new(access, vec![table(Table::Identity, "GetItem")], routes!(get_user))
}

/// Get a user
#[utoipa::path(get, path = "/api/v1/users/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "The user", body = User)))]
async fn get_user(State(app): State<App>, caller: Caller, Path(id): Path<UserId>) -> ApiResult<User> {
    let user = app
        .store
        .user_get(&caller.tenant, &id)
        .await?
        .ok_or(Error::NotFound("user"))?;
    let revision = user.revision;
    Ok(Answer::ok(user).revision(revision))
}
