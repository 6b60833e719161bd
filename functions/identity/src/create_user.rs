//! `POST /users`

use axum::extract::State;
use domain::id::{Key, UserId, Username};
use domain::permission::BuiltInRole;
use domain::user::{Login, User};
use domain::{Detail, Error, Result, Text};
use runtime::extract::Creation;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock, secret, table};
use serde::Deserialize;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Lower-case letters, digits and `. _ - @ +`; unique in the tenant.
    #[schema(example = "mei")]
    username: String,
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
    #[schema(example = "Mei Lin")]
    display_name: String,
    #[serde(default)]
    #[schema(example = json!(["approver"]))]
    roles: Vec<Key>,
    /// The id of the user whose approval `{"starter": "leader"}` asks for.
    leader: Option<UserId>,
    department: Option<Key>,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(domain::permission::Permission::UserWrite);
    Endpoint::new(
        access,
        vec![table(Table::Identity, "GetItem PutItem")],
        routes!(create_user),
    )
}

/// Create a user
#[utoipa::path(post, path = "/api/v1/users", request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 201, description = "Created", body = User),
        (status = 409, description = "The username is taken")))]
async fn create_user(State(app): State<App>, caller: Caller, new: Creation<NewUser>) -> ApiResult<User> {
    let username = check(&app, &caller, &new.body).await?;
    let body = new.body;
    let user = User {
        id: UserId::from(Uuid::now_v7()),
        username,
        display_name: body.display_name.trim().to_owned(),
        roles: body.roles,
        leader: body.leader,
        department: body.department,
        created_at: clock::now(),
        revision: 1,
    };
    let login = Login {
        user: user.id.clone(),
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        roles: user.roles.clone(),
        password_hash: secret::hash_password(&body.password)?,
        failures: 0,
        locked_until: None,
    };
    let user = app
        .store
        .user_create(&caller.tenant, user, &login, new.idempotency.as_ref())
        .await?;
    let location = format!("/api/v1/users/{}", user.id);
    let revision = user.revision;
    Ok(Answer::created(user, location).revision(revision))
}

async fn check(app: &App, caller: &Caller, new: &NewUser) -> Result<Username> {
    let mut faults = Vec::new();
    let username = Username::parse(new.username.as_str());
    if let Err(invalid) = &username {
        let zh = "用户名为 1 到 64 个小写字母、数字或 . _ - @ +。";
        faults.push(Detail::new(
            "/username",
            "format",
            Text::new(format!("A username is {}.", invalid.rule), zh),
        ));
    }
    if !(8..=128).contains(&new.password.chars().count()) {
        let message = Text::new(
            "A password has 8 to 128 characters.",
            "密码须为 8 到 128 个字符。",
        );
        faults.push(Detail::new("/password", "length", message));
    }
    if !(1..=100).contains(&new.display_name.trim().chars().count()) {
        let message = Text::new(
            "A display name has 1 to 100 characters.",
            "显示名须为 1 到 100 个字符。",
        );
        faults.push(Detail::new("/display_name", "length", message));
    }
    for (n, role) in new.roles.iter().enumerate() {
        if BuiltInRole::find(role.as_str()).is_none()
            && app.store.role_get(&caller.tenant, role).await?.is_none()
        {
            let message = Text::new(format!("There is no role {role}."), format!("没有角色 {role}。"));
            faults.push(Detail::new(format!("/roles/{n}"), "unknown", message));
        } else if new.roles.iter().take(n).any(|earlier| earlier == role) {
            let message = Text::new(
                format!("The role {role} is named twice."),
                format!("角色 {role} 重复。"),
            );
            faults.push(Detail::new(format!("/roles/{n}"), "uniqueItems", message));
        }
    }
    if new.roles.len() > 50 {
        let message = Text::new("A user has at most 50 roles.", "一个用户最多 50 个角色。");
        faults.push(Detail::new("/roles", "maxItems", message));
    }
    if let Some(leader) = &new.leader
        && app.store.user_get(&caller.tenant, leader).await?.is_none()
    {
        let message = Text::new("There is no user with this id.", "没有使用该编号的用户。");
        faults.push(Detail::new("/leader", "unknown", message));
    }
    match username {
        Ok(username) if faults.is_empty() => Ok(username),
        _ => Err(Error::Validation(faults)),
    }
}
