//! What is wrong is told in the envelope, and nothing of it is kept.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use http_body_util::{BodyExt, Full};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::send;
use tests::needs::{ROUTES, lacks};
use tests::{Answer, Client, Story, TestApp};

/// A failure as the contract has it: never more, never less.
#[track_caller]
fn in_envelope(answer: &Answer, what: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.body
    );
    let body = &answer.body;
    let error = &body["error"];
    assert_eq!(body["success"], false, "{what}");
    assert!(
        error["code"].is_string() && error["message"].is_string(),
        "{what}: {body}"
    );
    assert!(
        body["timestamp"].is_string() && body["request_id"].is_string(),
        "{what}"
    );
    assert_eq!(answer.headers["content-type"], "application/json", "{what}");
    for detail in error["details"].as_array().expect(what) {
        for member in ["pointer", "code", "message"] {
            assert!(detail[member].is_string(), "{what}: {detail}");
        }
    }
}

async fn post_raw(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, path);
    send(request.header("content-type", "application/json").body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_cannot_be_read() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let admin = &story.admin;
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let nested = |levels: usize| format!(r#"{{"key":"deep","name":"x","schema":{}}}"#, deep(levels));
    let sized = |bytes: usize| {
        let start = r#"{"key":"big","name":"x","schema":{"type":"object","title":""#;
        format!("{start}{}\"}}}}", "x".repeat(bytes - start.len() - 3))
    };
    let bytes = |text: &str| text.as_bytes().to_vec();
    for (what, body, status, code) in [
        ("nothing", bytes(""), 400, "json"),
        ("half of it", bytes("{\"key\": "), 400, "json"),
        ("two values", bytes("{} {}"), 400, "json"),
        ("NaN", bytes("{\"key\": NaN}"), 400, "json"),
        ("a byte order mark", bytes("\u{feff}{}"), 400, "json"),
        ("a huge number", bytes(r#"{"key": 1e999}"#), 400, "json"),
        ("not UTF-8", b"{\"key\": \"\xff\xfe\"}".to_vec(), 400, "json"),
        ("a raw NUL", b"{\"key\": \"a\0b\"}".to_vec(), 400, "json"),
        (
            "half a surrogate pair",
            bytes(r#"{"key": "\ud800"}"#),
            400,
            "json",
        ),
        (
            "a member twice",
            bytes(r#"{"key": "a", "key": "b"}"#),
            400,
            "json",
        ),
        ("deep nesting", bytes(&nested(33)), 400, "json"),
        ("very deep nesting", bytes(&nested(5000)), 400, "json"),
        ("null", bytes("null"), 400, "type"),
        ("a list", bytes("[{}]"), 400, "type"),
        ("a text", bytes("\"x\""), 400, "type"),
        ("just too large", bytes(&sized(256 * 1024 + 1)), 413, ""),
        ("a megabyte", bytes(&sized(1024 * 1024)), 413, ""),
    ] {
        for path in [
            "/forms",
            "/workflows",
            "/tickets/submissions",
            "/users",
            "/auth/login",
        ] {
            if what == "not UTF-8" && lacks("bytes that are not UTF-8", path) {
                continue;
            }
            // A definition that is a list or null is none for a reason of its own.
            let answer = post_raw(admin, path, body.clone()).await;
            in_envelope(&answer, what);
            let (_, details) = answer.error(status);
            let codes: Vec<&str> = details.iter().map(|(_, code)| code.as_str()).collect();
            assert_eq!(
                codes,
                if code.is_empty() { vec![] } else { vec![code] },
                "{what} {path}"
            );
        }
    }
    post_raw(admin, "/forms", untold(sized(300 * 1024)))
        .await
        .error(413);
    admin.get("/forms/big").await.error(404);
    admin.get("/forms/deep").await.error(404);
    // Up to the limit all is well.
    post_raw(admin, "/forms", sized(256 * 1024)).await.data(201);
}

/// A body whose length is not told beforehand.
fn untold(text: String) -> reqwest::Body {
    let bytes: &'static [u8] = text.leak().as_bytes();
    reqwest::Body::wrap(Full::new(bytes).map_frame(|frame| frame))
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_do_not_fit() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let user = |change: Value| {
        let mut user =
            json!({ "username": "new", "password": "password-1", "display_name": "New", "roles": [] });
        user.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        user
    };
    let ticket = |change: Value| {
        let mut ticket = json!({ "type": "expense", "title": "x", "values": { "amount": 1 } });
        ticket
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        ticket
    };
    let nul = "a\u{0}b";
    for (path, body, expected) in [
        ("/users", json!({}), vec!["/username"]),
        ("/users", user(json!({ "username": 1 })), vec!["/username"]),
        ("/users", user(json!({ "colour": "red" })), vec!["/colour"]),
        ("/users", user(json!({ "username": "A b" })), vec!["/username"]),
        ("/users", user(json!({ "username": nul })), vec!["/username"]),
        (
            "/users",
            user(json!({ "username": "", "password": "", "display_name": " " })),
            vec!["/username", "/password", "/display_name"],
        ),
        (
            "/users",
            user(json!({ "roles": ["nobody", "admin", "admin"] })),
            vec!["/roles/0", "/roles/2"],
        ),
        ("/users", user(json!({ "roles": ["a#b"] })), vec!["/roles/0"]),
        ("/users", user(json!({ "leader": "nobody" })), vec!["/leader"]),
        (
            "/users",
            user(json!({ "password": "x".repeat(129) })),
            vec!["/password"],
        ),
        (
            "/roles",
            json!({ "key": "r", "name": "R", "permissions": ["task:read", "all", ""] }),
            vec!["/permissions/1", "/permissions/2"],
        ),
        (
            "/roles",
            json!({ "key": "Not a key", "name": "R", "permissions": [] }),
            vec!["/key"],
        ),
        (
            "/roles",
            json!({ "key": "r", "name": { "en": "R" }, "permissions": [] }),
            vec!["/name"],
        ),
        (
            "/ticket-types",
            json!({ "key": "t", "name": "T", "workflow": "nothing" }),
            vec!["/workflow"],
        ),
        (
            "/ticket-types",
            json!({ "key": "t", "name": "T" }),
            vec!["/workflow"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "type": "nothing", "title": "" })),
            vec!["/title", "/type"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "type": "%00" })),
            vec!["/type"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "title": "x".repeat(201) })),
            vec!["/title"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "priority": "most" })),
            vec!["/priority"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "values": {} })),
            vec!["/values/amount"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "values": null })),
            vec!["/values"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "values": [] })),
            vec!["/values"],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "values": { "amount": 0, "currency": "XXX", "department": "", "a/b~": 1 } })),
            vec![
                "/values/amount",
                "/values/a~1b~0",
                "/values/currency",
                "/values/department",
            ],
        ),
        (
            "/tickets/submissions",
            ticket(json!({ "values": { "amount": 1, "note": "x".repeat(210_000) } })),
            vec!["/values"],
        ),
        ("/auth/login", json!({ "username": "admin" }), vec!["/password"]),
        (
            "/auth/login",
            json!({ "username": "admin", "password": 1 }),
            vec!["/password"],
        ),
        (
            "/auth/logout",
            json!({ "refresh_token": [] }),
            vec!["/refresh_token"],
        ),
    ] {
        let answer = story.admin.post(path, body.clone()).await;
        let what = format!(
            "{path} {}",
            body.to_string().chars().take(120).collect::<String>()
        );
        in_envelope(&answer, &what);
        let (code, details) = answer.error(400);
        let pointers: Vec<&str> = details.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(
            (code.as_str(), pointers),
            ("VALIDATION_ERROR", expected),
            "{what}"
        );
    }
    let users = story.admin.get("/users?limit=100").await;
    assert_eq!(users.data(200)["items"].as_array().unwrap().len(), 4);
    story.admin.get("/roles/r").await.error(404);
    story.admin.get("/ticket-types/t").await.error(404);
    assert_eq!(story.admin.get("/tickets").await.data(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_is_not_wrong() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let title = "\u{0} 差旅 👩\u{200d}🚀 \u{202e}rtl\u{202c} #~/%00 '\"<script>";
    for amount in [json!(1e300), json!(5e-324), json!(u64::MAX), json!(0.1)] {
        let values = json!({ "amount": amount, "note": title });
        let body = json!({ "type": "expense", "title": title, "values": values });
        let taken = story.requester.post("/tickets/submissions", body).await;
        let ticket = story.ticket(taken.data(202)["id"].as_str().unwrap()).await;
        assert_eq!((&ticket["title"], &ticket["values"]), (&json!(title), &values));
        let id = ticket["id"].as_str().unwrap();
        let instance = story.requester.get(&format!("/instances/i-{id}")).await;
        assert_eq!(instance.data(200)["data"], values);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_methods_and_parameters() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let long = format!("/users/{}", "a".repeat(5000));
    for (method, path, status, code) in [
        (Method::GET, "/nowhere", 404, "NOT_FOUND"),
        (Method::GET, "/users/nobody", 404, "NOT_FOUND"),
        (Method::GET, "/users/%00", 404, "NOT_FOUND"),
        (Method::GET, "/users/%ff%fe", 404, "NOT_FOUND"),
        (Method::GET, "/users/a%23b", 404, "NOT_FOUND"),
        (Method::GET, "/users/a%2Fb", 404, "NOT_FOUND"),
        (Method::GET, "/users/%E5%BC%A0", 404, "NOT_FOUND"),
        (Method::GET, "/users/..%2f..%2fadmin", 404, "NOT_FOUND"),
        (Method::GET, &long, 404, "NOT_FOUND"),
        (Method::GET, "/forms/Not%20A%20Key", 404, "NOT_FOUND"),
        (Method::GET, "/forms/expense-claim/versions/0", 404, "NOT_FOUND"),
        (Method::GET, "/forms/expense-claim/versions/-1", 404, "NOT_FOUND"),
        (
            Method::GET,
            "/forms/expense-claim/versions/99999999999",
            404,
            "NOT_FOUND",
        ),
        (
            Method::GET,
            "/workflows/expense-approval/versions/x",
            404,
            "NOT_FOUND",
        ),
        (Method::GET, "/tasks/x", 404, "NOT_FOUND"),
        (Method::GET, "/tasks/i-x~manager~0", 404, "NOT_FOUND"),
        (Method::GET, "/tasks/i-x~manager~99999999999", 404, "NOT_FOUND"),
        (Method::GET, "/payments/%00", 404, "NOT_FOUND"),
        (Method::GET, "/payments/%23", 404, "NOT_FOUND"),
        (Method::GET, "/instances/%00/trace", 404, "NOT_FOUND"),
        (Method::POST, "/instances/nothing/cancel", 404, "NOT_FOUND"),
        (Method::DELETE, "/users", 405, "METHOD_NOT_ALLOWED"),
        (Method::PATCH, "/forms/expense-claim", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/auth/login", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/users?limit=0", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?limit=101", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?limit=-1", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?limit=ten", 400, "VALIDATION_ERROR"),
        (
            Method::GET,
            "/users?limit=99999999999999999999",
            400,
            "VALIDATION_ERROR",
        ),
        (Method::GET, "/users?limit=1&limit=2", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?colour=red", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?cursor=", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?cursor=%00", 400, "VALIDATION_ERROR"),
        (Method::GET, "/users?cursor=e30", 400, "VALIDATION_ERROR"),
        (Method::GET, "/tasks?view=all", 400, "VALIDATION_ERROR"),
        (
            Method::GET,
            "/tasks?view=claimable&cursor=e30",
            400,
            "VALIDATION_ERROR",
        ),
        (Method::GET, "/tickets?requester=a%23b", 404, "NOT_FOUND"),
    ] {
        let answer = send(story.admin.request(method.clone(), path)).await;
        let what = format!("{method} {}", path.chars().take(80).collect::<String>());
        if (path == "/nowhere" || status == 405) && lacks(ROUTES, &what) {
            continue;
        }
        if path.to_lowercase().contains("%2f") && lacks("slashes within a part of a path", &what) {
            continue;
        }
        in_envelope(&answer, &what);
        assert_eq!(
            (answer.status, &answer.body["error"]["code"]),
            (status, &json!(code)),
            "{what}"
        );
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "application/jsonp",
    ] {
        let request = story.admin.request(Method::POST, "/roles").body("{}");
        let answer = send(request.header("content-type", media_type)).await;
        in_envelope(&answer, media_type);
        assert_eq!(answer.error(415).0, "UNSUPPORTED_MEDIA_TYPE", "{media_type}");
    }
}
