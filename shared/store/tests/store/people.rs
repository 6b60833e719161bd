//! Users, sign-in, sessions, and creations that are repeated.

use domain::error::Code;
use domain::id::Username;
use domain::user::Login;
use domain::user::Session;
use domain::user::User;
use store::Idempotency;

use crate::{at, key, store, tenant, user_id};

fn user(name: &str, roles: &[&str]) -> (User, Login) {
    let user = User {
        id: user_id(name),
        username: Username::parse(name).unwrap(),
        display_name: name.to_owned(),
        roles: roles.iter().map(|role| key(role)).collect(),
        leader: None,
        department: None,
        created_at: at(0),
        revision: 1,
    };
    let login = Login {
        user: user.id.clone(),
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        roles: user.roles.clone(),
        password_hash: "hash".to_owned(),
        failures: 0,
        locked_until: None,
    };
    (user, login)
}

fn idempotency(key: &str, body_hash: &str) -> Idempotency {
    Idempotency {
        tenant: tenant(),
        user: user_id("admin"),
        operation: "create_user".to_owned(),
        key: key.to_owned(),
        body_hash: body_hash.to_owned(),
        now: at(0),
    }
}

#[tokio::test]
async fn a_username_is_taken_once_and_nothing_is_half_written() {
    let store = store().await;
    let (mei, login) = user("mei", &["approver", "director"]);
    store
        .user_create(&tenant(), mei.clone(), &login, None)
        .await
        .unwrap();
    let (mut twin, _) = user("mei", &["approver"]);
    twin.id = user_id("twin");
    let refused = store
        .user_create(&tenant(), twin.clone(), &login, None)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    assert_eq!(store.user_get(&tenant(), &twin.id).await.unwrap(), None);
    assert_eq!(
        store.role_members(&tenant(), &key("approver")).await.unwrap(),
        std::slice::from_ref(&mei.id)
    );
    assert_eq!(
        store
            .login_get(&tenant(), &mei.username)
            .await
            .unwrap()
            .unwrap()
            .user,
        mei.id
    );
}

#[tokio::test]
async fn an_idempotency_key_gives_its_first_answer_again() {
    let store = store().await;
    let (first, login) = user("mei", &[]);
    let create = async |id: &str, body: &str| {
        let user = User {
            id: user_id(id),
            ..first.clone()
        };
        store
            .user_create(&tenant(), user, &login, Some(&idempotency("k1", body)))
            .await
    };
    assert_eq!(create("u1", "a").await.unwrap().id, user_id("u1"));
    assert_eq!(create("u2", "a").await.unwrap().id, user_id("u1"));
    assert_eq!(create("u3", "b").await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test]
async fn a_session_takes_the_newest_secret_only() {
    let store = store().await;
    let session = Session {
        id: "s1".to_owned(),
        user: user_id("mei"),
        username: Username::parse("mei").unwrap(),
        secret_hash: "one".to_owned(),
        created_at: at(0),
        valid_until: at(100),
    };
    store.session_create(&tenant(), &session).await.unwrap();
    assert_eq!(
        store.session_get(&tenant(), &session.user, "s1").await.unwrap(),
        Some(session.clone())
    );
    let next = Session {
        secret_hash: "two".to_owned(),
        ..session.clone()
    };
    assert!(
        store
            .session_rotate(&tenant(), &next, "one")
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .session_rotate(&tenant(), &next, "one")
            .await
            .unwrap()
            .is_none()
    );
    store
        .session_delete(&tenant(), &session.user, "s1")
        .await
        .unwrap();
    assert!(
        store
            .session_rotate(&tenant(), &next, "two")
            .await
            .unwrap()
            .is_none()
    );
}
