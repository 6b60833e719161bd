//! Users, their sign-in rows, their roles' member rows: written together. Roles. Sessions.

use domain::id::{Key, TenantId, UserId, Username};
use domain::page::Page;
use domain::user::{Login, Role, Session, User};
use domain::{Result, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dynamo::{Order, PageRequest, Store, Written, conditional};
use crate::idempotency::Idempotency;
use crate::item::{ItemExt, Stored, from_item, number, text, to_item};
use crate::keys::{self, Kind};
use crate::table::Table;

impl Stored for User {}
impl Stored for Login {}
impl Stored for Role {}
impl Stored for Session {}

#[derive(Debug, Serialize, Deserialize)]
struct Member {
    user: UserId,
}

impl Stored for Member {}

impl Store {
    pub async fn user_create(
        &self,
        tenant: &TenantId,
        user: User,
        login: &Login,
        idempotency: Option<&Idempotency>,
    ) -> Result<User> {
        let mut items = vec![
            to_item(&user)?
                .at(&keys::user(tenant, &user.id))
                .indexed(keys::all(tenant, Kind::Users), user.username.as_str()),
            to_item(login)?.at(&keys::login(tenant, &user.username)),
        ];
        for role in &user.roles {
            let member = Member {
                user: user.id.clone(),
            };
            items.push(to_item(&member)?.at(&keys::role_member(tenant, role, &user.id)));
        }
        let taken = Text::new("This username is taken.", "该用户名已被占用。");
        self.create(Table::Identity, items, user, idempotency, taken)
            .await
    }

    pub async fn user_get(&self, tenant: &TenantId, user: &UserId) -> Result<Option<User>> {
        self.get(Table::Identity, &keys::user(tenant, user)).await
    }

    pub async fn user_list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<User>> {
        self.query_index(
            Table::Identity,
            &keys::all(tenant, Kind::Users),
            Order::Ascending,
            page,
        )
        .await
    }

    /// What a sign-in needs, in one call.
    pub async fn login_get(&self, tenant: &TenantId, username: &Username) -> Result<Option<Login>> {
        self.get(Table::Identity, &keys::login(tenant, username)).await
    }

    /// Counts a wrong password; `lock_until` where it was one too many.
    pub async fn login_failed(
        &self,
        tenant: &TenantId,
        username: &Username,
        lock_until: Option<Timestamp>,
    ) -> Result<()> {
        let update = self
            .update(Table::Identity, &keys::login(tenant, username))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":one", number(1));
        let update = match lock_until {
            Some(until) => update
                .update_expression("SET locked_until = :until ADD failures :one")
                .expression_attribute_values(":until", text(until.to_string())),
            None => update.update_expression("ADD failures :one"),
        };
        conditional(update).await.map(|_| ())
    }

    pub async fn login_succeeded(&self, tenant: &TenantId, username: &Username) -> Result<()> {
        let update = self
            .update(Table::Identity, &keys::login(tenant, username))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET failures = :none REMOVE locked_until")
            .expression_attribute_values(":none", number(0));
        conditional(update).await.map(|_| ())
    }

    pub async fn session_create(&self, tenant: &TenantId, session: &Session) -> Result<()> {
        let key = keys::session(tenant, &session.user, &session.id);
        self.put(
            Table::Identity,
            to_item(session)?.at(&key).expiring(session.valid_until),
        )
        .await
    }

    pub async fn session_get(&self, tenant: &TenantId, user: &UserId, id: &str) -> Result<Option<Session>> {
        self.get(Table::Identity, &keys::session(tenant, user, id)).await
    }

    /// Puts a new secret in the place of the one that was shown. None: that one is no longer the session's.
    pub async fn session_rotate(
        &self,
        tenant: &TenantId,
        session: &Session,
        shown_hash: &str,
    ) -> Result<Option<Session>> {
        let update = self
            .update(
                Table::Identity,
                &keys::session(tenant, &session.user, &session.id),
            )
            .condition_expression("secret_hash = :shown")
            .update_expression("SET secret_hash = :new")
            .expression_attribute_values(":shown", text(shown_hash))
            .expression_attribute_values(":new", text(&session.secret_hash));
        match conditional(update).await? {
            Written::Done(item) => from_item(item).map(Some),
            Written::Refused(_) => Ok(None),
        }
    }

    /// Ends a session; ending it twice is ending it once.
    pub async fn session_delete(&self, tenant: &TenantId, user: &UserId, id: &str) -> Result<()> {
        let key = keys::session(tenant, user, id);
        self.delete(Table::Identity, &key).await
    }

    pub async fn role_create(
        &self,
        tenant: &TenantId,
        role: Role,
        idempotency: Option<&Idempotency>,
    ) -> Result<Role> {
        let item = to_item(&role)?
            .at(&keys::role(tenant, &role.key))
            .indexed(keys::all(tenant, Kind::Roles), role.key.as_str());
        let taken = Text::new("There is a role with this key.", "已有使用该标识的角色。");
        self.create(Table::Identity, vec![item], role, idempotency, taken)
            .await
    }

    pub async fn role_get(&self, tenant: &TenantId, role: &Key) -> Result<Option<Role>> {
        self.get(Table::Identity, &keys::role(tenant, role)).await
    }

    pub async fn role_list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Role>> {
        self.query_index(
            Table::Identity,
            &keys::all(tenant, Kind::Roles),
            Order::Ascending,
            page,
        )
        .await
    }

    /// Everybody who has a role.
    pub async fn role_members(&self, tenant: &TenantId, role: &Key) -> Result<Vec<UserId>> {
        let pk = keys::role(tenant, role).pk;
        let members: Vec<Member> = self.query_all(Table::Identity, &pk, keys::ROLE_MEMBERS).await?;
        Ok(members.into_iter().map(|member| member.user).collect())
    }
}
