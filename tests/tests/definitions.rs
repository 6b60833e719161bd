//! Forms and workflows that are wrong: every fault is told, and what is published stays what it was.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use serde_json::{Value, json};
use tests::people::definition;
use tests::{Answer, Client, Story, TestApp};

/// The details, as told: pointer and code.
fn found(answer: &Answer, status: u16) -> Vec<String> {
    let (_, details) = answer.error(status);
    details
        .into_iter()
        .map(|(pointer, code)| format!("{pointer} {code}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_none() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", tests::ADMIN_PASSWORD).await;
    let post = |schema: Value| {
        let admin = admin.clone();
        async move {
            admin
                .post("/forms", json!({ "key": "f", "name": "F", "schema": schema }))
                .await
        }
    };
    for (schema, expected) in [
        (json!(null), vec!["/schema/type type"]),
        (json!(true), vec!["/schema/type type"]),
        (json!([]), vec!["/schema/type type"]),
        (json!({ "type": "array" }), vec!["/schema/type type"]),
        (
            json!({ "type": "object", "required": "a", "properties": { "a": { "minimum": "1" }, "b": { "type": "int" } } }),
            vec![
                "/schema/properties/a/minimum type",
                "/schema/properties/b/type anyOf",
                "/schema/required type",
            ],
        ),
        (
            json!({ "type": "object", "properties": { "a": { "pattern": "(" } } }),
            vec!["/schema/properties/a/pattern format"],
        ),
    ] {
        let answer = post(schema.clone()).await;
        let mut told = found(&answer, 400);
        told.sort();
        assert_eq!(told, expected, "{schema}");
    }
    for schema in [
        json!({ "type": "object", "$ref": "http://127.0.0.1:9/x.json" }),
        json!({ "type": "object", "$ref": "file:///etc/passwd" }),
        json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/nothing" } } }),
        json!({ "type": "object", "properties": { "a": { "pattern": "((a{1000}){1000}){1000}" } } }),
        json!({ "type": "object", "properties": { "a": { "pattern": "(a)\\1" } } }),
    ] {
        let answer = post(schema.clone()).await;
        assert!(!found(&answer, 400).is_empty(), "{schema}");
    }
    admin.get("/forms/f").await.error(404);
}

async fn publish(admin: &Client, definition: &Value) -> Answer {
    let key = definition["key"].as_str().unwrap().to_owned();
    let path = format!("/workflows/{key}");
    if admin.get(&path).await.status == 404 {
        admin.post("/workflows", definition.clone()).await.data(201);
    } else {
        admin.put(&path, definition.clone()).await.data(200);
    }
    admin.act(&format!("{path}/publish")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_with_faults_is_refused_with_all_of_them() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let admin = &story.admin;
    let mut bad = definition("expense-approval.json");
    bad["flows"][3]["when"] = json!("amount > (");
    bad["flows"][1]["to"] = json!("nowhere");
    bad["nodes"][1]["assign"] = json!([{ "role": "nobody" }]);
    bad["nodes"][3]["fields"]["colour"] = json!("write");
    bad["nodes"][4]["lambda"] = json!("no-such-function");
    let answer = publish(admin, &bad).await;
    let told = answer.body["error"]["details"].as_array().unwrap();
    answer.error(400);
    for (pointer, node) in [
        ("/flows/3/when", Some("size")),
        ("/flows/1/to", None),
        ("/nodes/1/assign/0/role", Some("manager")),
        ("/nodes/3/fields/colour", Some("director")),
        ("/nodes/4/lambda", Some("pay")),
    ] {
        let detail = told.iter().find(|detail| detail["pointer"] == pointer);
        let detail = detail.unwrap_or_else(|| panic!("{pointer} is not in {told:?}"));
        assert!(detail["code"].is_string() && detail["message"].is_string());
        if let Some(node) = node {
            assert_eq!(detail["node"], node, "{detail}");
        }
    }
    // The draft is kept with the same diagnostics; what is published stays as it was.
    let validated = admin.act("/workflows/expense-approval/validate").await;
    let validated = validated.data(200);
    assert_eq!(validated["valid"], false);
    assert!(validated["diagnostics"].as_array().unwrap().len() >= told.len());
    let draft = admin.get("/workflows/expense-approval").await;
    assert_eq!(
        (&draft.data(200)["definition"], &draft.data(200)["published"]),
        (&bad, &json!(1))
    );
    admin
        .get("/workflows/expense-approval/versions/2")
        .await
        .error(404);
    let ticket = story.ticket(&story.submit(1.0).await).await;
    story
        .task_of(&story.manager, ticket["id"].as_str().unwrap())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_definition_at_all() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", tests::ADMIN_PASSWORD).await;
    for (definition, expected) in [
        (json!({}), "/key format"),
        (json!({ "key": 1 }), "/key format"),
        (json!({ "key": "" }), "/key format"),
        (json!({ "key": "a#b" }), "/key format"),
        (json!({ "key": "a".repeat(65) }), "/key format"),
    ] {
        let answer = admin.post("/workflows", definition.clone()).await;
        assert_eq!(found(&answer, 400), [expected], "{definition}");
    }
    // Unfinished ones are drafts, and are not published.
    for (n, rest) in [
        json!({}),
        json!({ "nodes": 1, "flows": null, "form": [], "name": 5 }),
        json!({ "nodes": [1, null, {}, { "id": "a" }, { "id": "a#b", "type": "userTask" }], "flows": [[], {}] }),
        json!({ "nodes": [{ "id": "start", "type": "startEvent" }], "flows": [{ "from": "start", "to": "start" }] }),
        json!({ "form": "nothing", "nodes": [], "flows": [] }),
        json!({ "\u{0}": 1, "": {}, "流程": "x" }),
    ]
    .into_iter()
    .enumerate()
    {
        let mut definition = rest.clone();
        definition["key"] = json!(format!("draft-{n}"));
        let draft = admin.post("/workflows", definition.clone()).await;
        let diagnostics = draft.data(201)["diagnostics"].as_array().unwrap();
        assert!(!diagnostics.is_empty(), "{rest}");
        let answer = admin.act(&format!("/workflows/draft-{n}/publish")).await;
        assert!(!found(&answer, 400).is_empty(), "{rest}");
        let read = admin.get(&format!("/workflows/draft-{n}")).await;
        assert_eq!(read.data(200)["definition"], definition);
    }
    let renamed = json!({ "key": "other" });
    let answer = admin.put("/workflows/draft-0", renamed).await;
    assert_eq!(found(&answer, 400), ["/key const"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_whose_workflow_is_not_published() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let draft = json!({ "key": "later", "form": "expense-claim" });
    story.admin.post("/workflows", draft).await.data(201);
    let kind = json!({ "key": "later", "name": "Later", "workflow": "later" });
    story.admin.post("/ticket-types", kind).await.data(201);
    let body = json!({ "type": "later", "title": "x", "values": {} });
    let answer = story.requester.post("/tickets/submissions", body).await;
    assert_eq!(found(&answer, 400), ["/type not_published"]);
    assert_eq!(
        story.requester.get("/tickets").await.data(200)["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_refers_to_itself_ends() {
    let app = TestApp::start().await;
    let admin = app.client.sign_in("admin", tests::ADMIN_PASSWORD).await;
    for (n, schema) in [
        json!({ "type": "object", "$ref": "#" }),
        json!({ "type": "object", "allOf": [{ "$ref": "#" }] }),
        json!({ "type": "object", "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
        json!({ "type": "object", "properties": { "a": { "$ref": "#" } } }),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("f-{n}");
        let answer = admin
            .post("/forms", json!({ "key": key, "name": "F", "schema": schema }))
            .await;
        if answer.status == 400 {
            continue;
        }
        answer.data(201);
        admin.act(&format!("/forms/{key}/publish")).await.data(200);
        let nodes = json!([{ "id": "start", "type": "startEvent" }, { "id": "end", "type": "endEvent" }]);
        let flows = json!([{ "from": "start", "to": "end" }]);
        let workflow = json!({ "key": key, "name": "F", "form": key, "nodes": nodes, "flows": flows });
        admin.post("/workflows", workflow).await.data(201);
        admin.act(&format!("/workflows/{key}/publish")).await.data(200);
        let kind = json!({ "key": key, "name": "F", "workflow": key });
        admin.post("/ticket-types", kind).await.data(201);
        let body = json!({ "type": key, "title": "x", "values": { "a": { "a": {} } } });
        admin.post("/tickets/submissions", body).await.data(202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_as_large_and_as_deep_as_they_may_be_walk_through() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let admin = &story.admin;
    let form = json!({ "key": "free", "name": "Free", "schema": { "type": "object" } });
    admin.post("/forms", form).await.data(201);
    admin.act("/forms/free/publish").await.data(200);
    let nodes = json!([
        { "id": "start", "type": "startEvent" },
        { "id": "ask", "type": "userTask", "name": "Ask", "assign": [{ "starter": "leader" }] },
        { "id": "end", "type": "endEvent" },
    ]);
    let flows = json!([{ "from": "start", "to": "ask" }, { "from": "ask", "to": "end" }]);
    let workflow = json!({ "key": "free", "name": "Free", "form": "free", "nodes": nodes, "flows": flows });
    admin.post("/workflows", workflow).await.data(201);
    admin.act("/workflows/free/publish").await.data(200);
    let kind = json!({ "key": "free", "name": "Free", "workflow": "free" });
    admin.post("/ticket-types", kind).await.data(201);
    let deep = (0..29).fold(json!("deep"), |inner, n| {
        if n % 2 == 0 {
            json!([inner])
        } else {
            json!({ "": inner })
        }
    });
    for values in [
        json!({}),
        json!({ "deep": deep }),
        json!({ "large": "x".repeat(200 * 1024 - 20) }),
        json!({ "大": "大".repeat(66_000) }),
        json!({ "#n/a~": null, ":v": [], "$x": {}, "a.b[0]": -0.5, "n".repeat(255): 1 }),
        (0..5000).map(|n| (format!("field-{n}"), json!(n))).collect(),
    ] {
        let body = json!({ "type": "free", "title": "x", "values": values });
        let taken = story.requester.post("/tickets/submissions", body).await;
        let ticket = story.ticket(taken.data(202)["id"].as_str().unwrap()).await;
        assert_eq!(ticket["values"], values);
        let id = ticket["id"].as_str().unwrap();
        let task = story.task_of(&story.manager, id).await;
        let body = json!({ "outcome": "approve" });
        story
            .manager
            .post(&format!("/tasks/{task}/complete"), body)
            .await
            .data(200);
        assert_eq!(story.resolved(id).await["resolution"], "completed");
        let instance = story.requester.get(&format!("/instances/i-{id}")).await;
        assert_eq!(instance.data(200)["data"], values);
    }
}
