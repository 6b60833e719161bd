//! Signing in, staying signed in, signing out.

use serde_json::{Value, json};
use tests::people::{PASSWORD, user};
use tests::{ADMIN_PASSWORD, Answer, TestApp};

async fn login(app: &TestApp, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    app.client.post("/auth/login", body).await
}

async fn refresh(app: &TestApp, token: &Value) -> Answer {
    app.client
        .post("/auth/refresh", json!({ "refresh_token": token }))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_passwords_in_a_row_lock() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    user(&admin, "mei", "requester", None).await;
    for round in 0..2 {
        for _ in 0..9 {
            assert_eq!(login(&app, "mei", "wrong").await.error(401).0, "UNAUTHENTICATED");
        }
        // A right one in between starts the count anew.
        assert_eq!(login(&app, " Mei ", PASSWORD).await.status, 200, "{round}");
    }
    for _ in 0..10 {
        login(&app, "mei", "wrong").await.error(401);
    }
    for password in ["wrong", PASSWORD] {
        let locked = login(&app, "mei", password).await;
        assert_eq!(locked.error(429).0, "TOO_MANY_REQUESTS");
        let after: u32 = locked.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=900).contains(&after), "{after}");
    }
    login(&app, "admin", ADMIN_PASSWORD).await.data(200);
    // Whom nobody knows is told the same, and is never locked.
    let (unknown, wrong) = (login(&app, "nobody", "x").await, login(&app, "admin", "x").await);
    assert_eq!(unknown.body["error"], wrong.body["error"]);
    for username in ["", "a#b", "\u{0}", &"x".repeat(1000)] {
        login(&app, username, "x").await.error(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_for_one_use() {
    let app = TestApp::start().await;
    let first = login(&app, "admin", ADMIN_PASSWORD).await;
    let elsewhere = login(&app, "admin", ADMIN_PASSWORD).await;
    let old = &first.data(200)["refresh_token"];
    let second = refresh(&app, old).await;
    let new = &second.data(200)["refresh_token"];
    assert_ne!(old, new);
    let access = second.data(200)["access_token"].as_str().unwrap();
    app.client.with_token(access).get("/users").await.data(200);
    let third = refresh(&app, new).await;
    let newest = &third.data(200)["refresh_token"];
    // Used again, it kills the session: the thief's and the owner's.
    for token in [old, newest, new] {
        assert_eq!(refresh(&app, token).await.error(401).0, "UNAUTHENTICATED");
    }
    // Other sessions live on.
    refresh(&app, &elsewhere.data(200)["refresh_token"])
        .await
        .data(200);
    for nonsense in ["", "x", "...", "default.u.s.x", "default.a#b.s.x"] {
        refresh(&app, &json!(nonsense)).await.error(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_refresh_at_once_at_most_one_does() {
    let app = TestApp::start().await;
    let signed_in = login(&app, "admin", ADMIN_PASSWORD).await;
    let token = &signed_in.data(200)["refresh_token"];
    let (a, b) = tokio::join!(refresh(&app, token), refresh(&app, token));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    let (_, other) = user(&admin, "mei", "requester", None).await;
    let signed_in = login(&app, "admin", ADMIN_PASSWORD).await;
    let body = json!({ "refresh_token": signed_in.data(200)["refresh_token"] });
    other.post("/auth/logout", body.clone()).await.error(401);
    let forged = body["refresh_token"]
        .as_str()
        .unwrap()
        .rsplit_once('.')
        .unwrap()
        .0;
    let forged = json!({ "refresh_token": format!("{forged}.forged") });
    admin.post("/auth/logout", forged).await.error(401);
    let admin = app
        .client
        .with_token(signed_in.data(200)["access_token"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(
            admin.post("/auth/logout", body.clone()).await.data(200)["logged_out"],
            true
        );
    }
    refresh(&app, &body["refresh_token"]).await.error(401);
    // The access token lives out its hour.
    admin.get("/users").await.data(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_carries_what_its_roles_allow() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    let role = json!({ "key": "reader", "name": "Reader", "permissions": ["user:read", "user:read"] });
    admin.post("/roles", role).await.data(201);
    user(&admin, "mei", "reader", None).await;
    let signed_in = login(&app, "mei", PASSWORD).await;
    let signed_in = signed_in.data(200);
    assert_eq!(
        (&signed_in["token_type"], &signed_in["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert_eq!(signed_in["user"]["permissions"], json!(["user:read"]));
    let mei = app.client.with_token(signed_in["access_token"].as_str().unwrap());
    mei.get("/users").await.data(200);
    mei.get("/roles").await.error(403);
}
