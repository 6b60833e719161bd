//! Every operation: who may not call it, and what they are told.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use domain::permission::Permission;
use reqwest::Method;
use runtime::Access;
use serde_json::{Value, json};
use tests::client::{Answer, send};
use tests::objects::{address, objects};
use tests::people::definition;
use tests::{Client, Story, TestApp};

/// The operations that anybody may call. This list may only shrink.
const PUBLIC: [&str; 5] = [
    "get_health",
    "get_jwks",
    "get_openapi",
    "login",
    "refresh_session",
];

/// A sound body for the operations that take one.
fn body(operation: &str) -> Option<Value> {
    Some(match operation {
        "update_form" => {
            let mut form = definition("expense-claim.form.json");
            form.as_object_mut().unwrap().remove("$schema");
            form
        }
        "update_workflow" => definition("expense-approval.json"),
        "complete_task" => json!({ "outcome": "approve" }),
        _ => return None,
    })
}

async fn call(client: &Client, method: &str, address: &str, body: Option<&Value>) -> Answer {
    let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), address);
    send(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

async fn call_badly(client: &Client, method: &str, address: &str) -> Answer {
    let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), address);
    send(request.header("content-type", "application/json").body("{\"x\":")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_learns_nothing() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let objects = objects(&story).await;
    let stranger = app.bearer("elsewhere", &story.requester_id, Permission::ALL);
    let mut public = Vec::new();
    for endpoint in functions::endpoints() {
        let (method, id) = (endpoint.method.as_str(), endpoint.operation.id.as_str());
        let address = address(&endpoint.path, &objects);
        if endpoint.access == Access::Public {
            public.push(id.to_owned());
            continue;
        }
        for answer in [
            call(&app.client, method, &address, None).await,
            call_badly(&app.client, method, &address).await,
        ] {
            assert_eq!(answer.error(401).0, "UNAUTHENTICATED", "{id}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{id}");
        }
        if let Access::Permission(permission) = endpoint.access {
            let others: Vec<_> = Permission::ALL
                .iter()
                .copied()
                .filter(|p| *p != permission)
                .collect();
            let lacking = app.bearer("default", &story.requester_id, &others);
            for answer in [
                call(&lacking, method, &address, body(id).as_ref()).await,
                call_badly(&lacking, method, &address).await,
            ] {
                assert_eq!(answer.error(403), ("FORBIDDEN".to_owned(), vec![]), "{id}");
            }
        }
        if endpoint.path.contains('{') {
            let answer = call(&stranger, method, &address, body(id).as_ref()).await;
            assert_eq!(answer.error(404), ("NOT_FOUND".to_owned(), vec![]), "{id}");
        }
        if endpoint.path.contains('{') && method == "GET" {
            call(&story.admin, method, &address, None).await.data(200);
        }
    }
    public.sort();
    assert_eq!(public, PUBLIC);
    let task = format!("/tasks/{}", objects["task"].as_str().unwrap());
    assert_eq!(story.manager.get(&task).await.data(200)["status"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_and_changes_nothing_by_lists() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    story.ticket(&story.submit(120.0).await).await;
    let stranger = app.bearer("elsewhere", &story.requester_id, Permission::ALL);
    for list in [
        "/users",
        "/forms",
        "/workflows",
        "/ticket-types",
        "/tickets",
        "/tasks",
        "/tasks?view=started",
    ] {
        assert_eq!(stranger.get(list).await.data(200)["items"], json!([]), "{list}");
    }
    // Cursors of one tenant open nothing in another.
    story.submit(1.0).await;
    let page = story.admin.get("/users?limit=1").await;
    let cursor = page.data(200)["next_cursor"].as_str().unwrap();
    let path = format!("/users?limit=1&cursor={cursor}");
    assert_eq!(stranger.get(&path).await.error(400).0, "VALIDATION_ERROR");
    let submission = json!({ "type": "expense", "title": "x", "values": { "amount": 1 } });
    let answer = stranger.post("/tickets/submissions", submission).await;
    assert_eq!(answer.error(400).1, [("/type".to_owned(), "unknown".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_end_where_they_end() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let objects = objects(&story).await;
    let of = |kind: &str| objects[kind].as_str().unwrap().to_owned();
    let (_, colleague) = tests::people::user(&story.admin, "colleague", "requester", None).await;
    let (_, approver) = tests::people::user(&story.admin, "approver", "approver", None).await;
    let (_, agent) = tests::people::user(&story.admin, "agent", "agent", None).await;
    let (ticket, submission) = (
        format!("/tickets/{}", of("ticket")),
        format!("/tickets/submissions/{}", of("submission")),
    );
    let (instance, task) = (
        format!("/instances/{}", of("instance")),
        format!("/tasks/{}", of("task")),
    );
    let trace = format!("{instance}/trace");
    for (who, client, sees) in [
        ("her colleague", &colleague, vec![]),
        ("another approver", &approver, vec![]),
        ("her manager", &story.manager, vec![&instance, &trace, &task]),
        ("the director", &story.director, vec![]),
        (
            "herself",
            &story.requester,
            vec![&ticket, &submission, &instance, &trace],
        ),
        (
            "an agent",
            &agent,
            vec![&ticket, &submission, &instance, &trace, &task],
        ),
        (
            "the administrator",
            &story.admin,
            vec![&ticket, &submission, &instance, &trace, &task],
        ),
    ] {
        for path in [&ticket, &submission, &instance, &trace, &task] {
            let expected = if sees.contains(&path) { 200 } else { 403 };
            assert_eq!(client.get(path).await.status, expected, "{who} {path}");
        }
    }
    // Seeing is not acting: only the voter may.
    for client in [&agent, &approver, &story.director, &story.admin] {
        client.act(&format!("{task}/claim")).await.error(403);
        for values in [json!({}), json!({ "note": "x" })] {
            let vote = json!({ "outcome": "approve", "values": values });
            client.post(&format!("{task}/complete"), vote).await.error(403);
        }
    }
    colleague.act(&format!("{instance}/cancel")).await.error(403);
    agent.act(&format!("{instance}/cancel")).await.error(403);
    story
        .requester
        .act(&format!("{instance}/terminate"))
        .await
        .error(403);
    let others = format!("/tickets?requester={}", story.requester_id);
    colleague.get(&others).await.error(403);
    assert_eq!(
        agent.get(&others).await.data(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(story.manager.get(&task).await.data(200)["status"], "open");
}
