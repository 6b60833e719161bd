//! What holds for every resource: envelope, revisions, repeated creations, addresses, pages.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::send;
use tests::needs::{ROUTES, lacks};
use tests::people::definition;
use tests::{ADMIN_PASSWORD, Answer, Client, Story, TestApp};

/// The answer without what differs from run to run.
fn redacted(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    for (parent, member) in [
        ("", "timestamp"),
        ("", "request_id"),
        ("/data", "updated_at"),
        ("/data", "updated_by"),
    ] {
        if let Some(value) = body.pointer_mut(parent).and_then(|parent| parent.get_mut(member)) {
            *value = json!(format!("[{member}]"));
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_envelope() {
    let mut sorted = insta::Settings::clone_current();
    sorted.set_sort_maps(true);
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    let form = json!({ "key": "empty", "name": "Empty", "schema": { "type": "object" } });
    let created = admin.post("/forms", form).await;
    sorted.bind(|| {
        insta::assert_json_snapshot!(redacted(&created), @r#"
    {
      "data": {
        "key": "empty",
        "name": "Empty",
        "revision": 1,
        "schema": {
          "type": "object"
        },
        "updated_at": "[updated_at]",
        "updated_by": "[updated_by]"
      },
      "message": "Created",
      "request_id": "[request_id]",
      "success": true,
      "timestamp": "[timestamp]"
    }
    "#)
    });
    let failed = admin
        .post("/forms", json!({ "key": "empty", "name": "Empty" }))
        .await;
    sorted.bind(|| {
        insta::assert_json_snapshot!(redacted(&failed), @r#"
    {
      "error": {
        "code": "VALIDATION_ERROR",
        "details": [
          {
            "code": "required",
            "message": "This field is required.",
            "pointer": "/schema"
          }
        ],
        "message": "The request is not valid."
      },
      "request_id": "[request_id]",
      "success": false,
      "timestamp": "[timestamp]"
    }
    "#)
    });
    let timestamp = created.body["timestamp"].as_str().unwrap();
    timestamp.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(created.headers["cache-control"], "no-store");
    assert_eq!(
        created.headers["x-request-id"],
        created.body["request_id"].as_str().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_request_id_comes_back_where_it_is_sound() {
    let app = TestApp::start().await;
    let long = "x".repeat(101);
    for (id, comes_back) in [("my-id_1.2", true), ("a b", false), ("", false), (&long, false)] {
        for path in ["/healthz", "/nowhere", "/users"] {
            if path == "/nowhere" && lacks(ROUTES, "the request id of GET /nowhere") {
                continue;
            }
            let answer = send(app.client.request(Method::GET, path).header("x-request-id", id)).await;
            let given = answer.body["request_id"].as_str().unwrap();
            assert_eq!(given == id, comes_back, "{path} {id:?} {given}");
            assert_eq!(answer.headers["x-request-id"], given);
        }
    }
}

async fn put(client: &Client, path: &str, if_match: &str, body: &Value) -> Answer {
    send(
        client
            .request(Method::PUT, path)
            .header("if-match", if_match)
            .json(body),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_update_is_refused() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let mut form = definition("expense-claim.form.json");
    for (path, body) in [
        ("/forms/expense-claim", &mut form),
        (
            "/workflows/expense-approval",
            &mut definition("expense-approval.json"),
        ),
    ] {
        let read = story.admin.get(path).await;
        let tag = read.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(tag, format!("\"{}\"", read.data(200)["revision"]));
        body["name"] = json!("Mine");
        let changed = put(&story.admin, path, &tag, body).await;
        assert_ne!(changed.headers["etag"].to_str().unwrap(), tag);
        changed.data(200);
        body["name"] = json!("Yours");
        for stale in [tag.as_str(), "\"0\"", "3", "W/\"3\"", "", "\"x\""] {
            let answer = put(&story.admin, path, stale, body).await;
            assert_eq!(answer.error(412).0, "PRECONDITION_FAILED", "{path} {stale}");
        }
        let publish = format!("{path}/publish");
        let request = story
            .admin
            .request(Method::POST, &publish)
            .header("if-match", &tag);
        send(request).await.error(412);
        let read = story.admin.get(path).await;
        let name = read.data(200).get("definition").unwrap_or(read.data(200))["name"].clone();
        assert_eq!(name, "Mine", "{path}");
        put(&story.admin, path, "*", body).await.data(200);
        story.admin.put(path, body.clone()).await.data(200);
        // Of many at once with the same tag, one is the first.
        let tag = story.admin.get(path).await.headers["etag"]
            .to_str()
            .unwrap()
            .to_owned();
        let all = (0..5).map(|_| {
            let (admin, tag, body) = (story.admin.clone(), tag.clone(), body.clone());
            tokio::spawn(async move { put(&admin, path, &tag, &body).await.status })
        });
        let mut statuses = Vec::new();
        for one in all.collect::<Vec<_>>() {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412, 412], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_may_be_repeated_under_its_key() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let other = tests::people::user(&story.admin, "other", "admin", None).await.1;
    let create = async |client: &Client, path: &str, key: &str, body: &Value| {
        let request = client.request(Method::POST, path).header("idempotency-key", key);
        send(request.json(body)).await
    };
    for (path, name, body) in [
        (
            "/users",
            "username",
            json!({ "username": "new", "password": "password-1", "display_name": "New" }),
        ),
        (
            "/roles",
            "key",
            json!({ "key": "new", "name": "New", "permissions": ["task:read"] }),
        ),
        (
            "/forms",
            "key",
            json!({ "key": "new", "name": "New", "schema": { "type": "object" } }),
        ),
        ("/workflows", "key", json!({ "key": "new", "name": "New" })),
        (
            "/ticket-types",
            "key",
            json!({ "key": "new", "name": "New", "workflow": "new" }),
        ),
    ] {
        let first = create(&story.admin, path, "k", &body).await;
        let again = create(&story.admin, path, "k", &body).await;
        assert_eq!(
            (first.data(201), &first.headers["location"]),
            (again.data(201), &again.headers["location"])
        );
        assert_eq!(first.headers.get("etag"), again.headers.get("etag"), "{path}");
        let location = first.headers["location"]
            .to_str()
            .unwrap()
            .strip_prefix("/api/v1")
            .unwrap();
        let read = story.admin.get(location).await;
        assert_eq!(read.data(200).get(name), Some(&body[name]), "{location}");
        let mut changed = body.clone();
        changed[name] = json!("newer");
        assert_eq!(
            create(&story.admin, path, "k", &changed).await.error(409).0,
            "CONFLICT",
            "{path}"
        );
        // Another key, another person's key, no key: the same thing a second time.
        create(&story.admin, path, "k2", &body).await.error(409);
        create(&other, path, "k", &body).await.error(409);
        story.admin.post(path, body.clone()).await.error(409);
        create(&story.admin, path, "a#b", &changed).await.error(400);
        // Many at once are one.
        let mut twin = body.clone();
        twin[name] = json!("twin");
        let all = tokio::join!(
            create(&story.admin, path, "t", &twin),
            create(&story.admin, path, "t", &twin),
            create(&story.admin, path, "t", &twin),
        );
        assert_eq!(
            (all.0.data(201), all.0.data(201)),
            (all.1.data(201), all.2.data(201)),
            "{path}"
        );
    }
    story.admin.get("/roles/newer").await.error(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    for path in [
        "/forms/",
        "/forms/expense-claim/",
        "/users/?limit=1",
        "/healthz/",
        "/tasks//",
    ] {
        if lacks(ROUTES, &format!("GET {path}")) {
            continue;
        }
        story.admin.get(path).await.data(200);
    }
    let root = Client::new(app.platform.address.clone());
    for path in ["/healthz", "/api/v1/healthz"] {
        if path == "/healthz" && lacks(ROUTES, "GET /healthz without the path's beginning") {
            continue;
        }
        assert_eq!(root.get(path).await.data(200)["status"], "ready", "{path}");
    }
    let document = app.client.get("/openapi.json").await.body;
    let built = runtime::openapi::document(&functions::services());
    // By its text, so that the numbers of both are read alike.
    let built: Value = serde_json::from_str(&built.to_json().unwrap()).unwrap();
    assert!(document == built, "cargo xtask codegen");
    let schema = story.requester.get("/workflow-schema").await;
    assert_eq!(schema.status, 200);
    assert_eq!(schema.headers["content-type"], "application/schema+json");
    assert_eq!(schema.body["$defs"]["userTask"]["type"], "object");
    let submission = json!({ "type": "expense", "title": "x", "values": { "amount": 1 } });
    let taken = story.requester.post("/tickets/submissions", submission).await;
    let location = taken.headers["location"]
        .to_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap();
    assert_eq!(
        story.requester.get(location).await.data(200)["id"],
        taken.data(202)["id"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_1_to_100_lines() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    for endpoint in functions::endpoints() {
        let path = endpoint.path.strip_prefix("/api/v1").unwrap();
        if !endpoint.operation.id.starts_with("list_") {
            continue;
        }
        for limit in ["0", "101", "-1", "x", "1.5"] {
            admin.get(&format!("{path}?limit={limit}")).await.error(400);
        }
        for limit in ["1", "100"] {
            let answer = admin.get(&format!("{path}?limit={limit}")).await;
            assert!(answer.data(200)["items"].is_array(), "{path}");
            assert!(
                answer.data(200).get("next_cursor").is_some(),
                "{path} {}",
                answer.body
            );
        }
        admin
            .get(&format!("{path}?limit=1&cursor=nonsense"))
            .await
            .error(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_requests_at_once_are_answered() {
    if lacks(
        "room for hundreds at once",
        "five_hundred_requests_at_once_are_answered",
    ) {
        return;
    }
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    let all = (0..500).map(|_| {
        let admin = admin.clone();
        tokio::spawn(async move { admin.get("/users?limit=1").await.status })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn told_in_the_readers_language() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", ADMIN_PASSWORD).await;
    let chinese = |text: &Value| text.as_str().unwrap().chars().any(|c| ('一'..='龥').contains(&c));
    let form = json!({ "key": "f", "name": "F", "schema": { "type": "object", "required": 1 } });
    for (client, path, body) in [
        (
            &app.client,
            "/auth/login",
            json!({ "username": "admin", "password": "wrong" }),
        ),
        (&app.client, "/users", json!({})),
        (&admin, "/users", json!({})),
        (
            &admin,
            "/users",
            json!({ "username": "", "password": "", "display_name": "" }),
        ),
        (&admin, "/forms", form),
        (&admin, "/nowhere", json!({})),
    ] {
        if path == "/nowhere" && lacks(ROUTES, "the language of POST /nowhere") {
            continue;
        }
        let request = || client.request(Method::POST, path).json(&body);
        let zh = send(request().header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8")).await;
        let en = send(request()).await;
        let texts = |answer: &Answer| {
            let details = answer.body["error"]["details"].as_array().unwrap().clone();
            let details = details.into_iter().map(|detail| detail["message"].clone());
            std::iter::once(answer.body["error"]["message"].clone())
                .chain(details)
                .collect::<Vec<_>>()
        };
        assert!(texts(&zh).iter().all(chinese), "{:?}", texts(&zh));
        assert!(!texts(&en).iter().any(chinese), "{:?}", texts(&en));
    }
}
