//! The first administrator.

use std::path::{Path, PathBuf};

use anyhow::Result;
use domain::id::{Key, TenantId, UserId, Username};
use domain::user::{Login, User};
use runtime::{App, clock, secret};
use store::Store;
use uuid::Uuid;

const USERNAME: &str = "admin";

/// Where the password that was made for the first administrator is kept, for its owner only, until somebody deletes it.
pub fn password_file(data: &Path) -> PathBuf {
    data.join("initial-admin-password")
}

/// Creates the administrator where there is none. Gives the password that was made for it, if one was made; it is kept in
/// the data folder.
pub async fn ensure(app: &App, password: Option<&str>, data: &Path) -> Result<Option<String>> {
    let mut made = None;
    create(&app.store, password, |password| {
        made = Some(password.to_owned());
        crate::secrets::write_private(&password_file(data), format!("{password}\n").as_bytes())
    })
    .await?;
    Ok(made)
}

/// Creates the administrator where there is none, and says whether it did. A password that is not given is made, and handed to
/// `keep` before the user is there: one that nobody knows would lock everybody out.
pub async fn create(
    store: &Store,
    password: Option<&str>,
    keep: impl FnOnce(&str) -> Result<()>,
) -> Result<bool> {
    let tenant = TenantId::default_tenant();
    let username = Username::parse(USERNAME)?;
    if store.login_get(&tenant, &username).await?.is_some() {
        return Ok(false);
    }
    let user = User {
        id: UserId::from(Uuid::now_v7()),
        username: username.clone(),
        display_name: "Administrator".to_owned(),
        roles: vec![Key::parse("admin")?],
        leader: None,
        department: None,
        created_at: clock::now(),
        revision: 1,
    };
    let generated = match password {
        Some(_) => None,
        None => Some(secret::random_secret()?),
    };
    let login = Login {
        user: user.id.clone(),
        username,
        display_name: user.display_name.clone(),
        roles: user.roles.clone(),
        password_hash: secret::hash_password(generated.as_deref().or(password).unwrap_or_default())?,
        failures: 0,
        locked_until: None,
    };
    if let Some(password) = &generated {
        keep(password)?;
    }
    store.user_create(&tenant, user, &login, None).await?;
    Ok(true)
}
