//! Tokens that are none: expired, forged, cut, signed by nobody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{TenantId, UserId, Username};
use domain::permission::Permission;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use runtime::config::Secret;
use runtime::{Caller, clock, token};
use serde_json::{Value, json};
use tests::TestApp;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_not_issued_here_and_now_is_none() {
    let app = TestApp::start().await;
    let config = &app.platform.app.config;
    let caller = Caller {
        user: UserId::parse("somebody").unwrap(),
        tenant: TenantId::default_tenant(),
        username: Username::parse("somebody").unwrap(),
        roles: vec![],
        permissions: Permission::ALL.to_vec(),
    };
    let good = token::sign(config, caller.clone(), clock::now()).unwrap();
    app.client.with_token(&good).get("/users").await.data(200);

    let long_ago = clock::now() - SignedDuration::from_secs(token::LIFETIME_SECONDS + 10);
    let mut forger = config.clone();
    forger.token_private_key = Some(Secret([7; 32]));
    let parts: Vec<&str> = good.split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let none = part(&json!({ "alg": "none", "typ": "JWT" }));
    let mut richer = claims.clone();
    richer["tenant"] = json!("elsewhere");
    let mut elsewhere = claims.clone();
    elsewhere["iss"] = json!("elsewhere");
    let key = EncodingKey::from_secret(&config.token_public_key);
    let symmetric = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    for (what, token) in [
        ("expired", token::sign(config, caller.clone(), long_ago).unwrap()),
        ("forged", token::sign(&forger, caller, clock::now()).unwrap()),
        ("unsigned", format!("{none}.{}.", parts[1])),
        (
            "unsigned with a signature",
            format!("{none}.{}.{}", parts[1], parts[2]),
        ),
        ("signed with the public key", symmetric),
        (
            "with other claims",
            format!("{}.{}.{}", parts[0], part(&richer), parts[2]),
        ),
        (
            "of another issuer",
            format!("{}.{}.{}", parts[0], part(&elsewhere), parts[2]),
        ),
        ("cut", good.chars().take(good.len() - 4).collect()),
        ("without a signature", format!("{}.{}", parts[0], parts[1])),
        ("of one part", parts[1].to_owned()),
        ("of nothing but dots", "..".to_owned()),
        ("very long", "a".repeat(20_000)),
    ] {
        let answer = app.client.with_token(token).get("/users").await;
        assert_eq!(answer.error(401).0, "UNAUTHENTICATED", "{what}");
    }
    for header in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        good.clone(),
        format!("Basic {good}"),
    ] {
        let request = app.client.request(reqwest::Method::GET, "/users");
        let answer = tests::client::send(request.header("authorization", &header)).await;
        answer.error(401);
    }
}
