//! Submissions: what poison does, what comes twice, whose is whose.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use domain::id::{InstanceId, TenantId, TicketId};
use reqwest::Method;
use runtime::grant::Queue;
use serde_json::{Value, json};
use store::keys;
use tests::client::send;
use tests::needs::{HANDLERS, lacks};
use tests::people::user;
use tests::{Answer, Client, Story, TestApp};
use uuid::Uuid;

async fn put(app: &TestApp, body: String) {
    let url = &app.platform.app.config.submissions_queue_url;
    let message = app.platform.clients.sqs.send_message().queue_url(url);
    message.message_body(body).send().await.unwrap();
}

/// As a producer that knows nothing of versions writes it.
fn message(requester: &str, ticket: &str) -> Value {
    json!({
        "tenant": "default", "ticket": ticket, "requester": requester, "type": "expense", "title": "Taxi",
        "values": { "amount": 12 }, "submitted_at": "2026-01-02T03:04:05Z",
    })
}

fn changed(message: &Value, pointer: &str, value: Value) -> Value {
    let mut message = message.clone();
    message[pointer] = value;
    message
}

/// The id that the endpoint would have given to this ticket: of the same bytes, it says where to look.
async fn failure(app: &TestApp, ticket: &str) -> Option<Vec<(String, String)>> {
    let ticket = TicketId::parse(ticket).unwrap();
    let found = app
        .platform
        .app
        .store
        .submission_get(&TenantId::default_tenant(), &ticket)
        .await;
    match found.unwrap() {
        store::tickets::Submitted::Failed(failure) => {
            let reasons = failure.reasons.into_iter();
            Some(reasons.map(|reason| (reason.pointer, reason.code)).collect())
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_ends_in_the_dead_letter_queue_and_harms_no_neighbour() {
    if lacks(
        "messages that come again soon",
        "poison_ends_in_the_dead_letter_queue_and_harms_no_neighbour",
    ) {
        return;
    }
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let new = || Uuid::now_v7().to_string();
    let told = [
        ("type", json!("nothing"), ("/type", "unknown")),
        (
            "values",
            json!({ "amount": -1 }),
            ("/values/amount", "exclusiveMinimum"),
        ),
        ("values", json!("none"), ("/values", "type")),
        ("title", json!("  "), ("/title", "length")),
        ("priority", json!("highest"), ("/priority", "type")),
        ("submitted_at", json!("yesterday"), ("/submitted_at", "type")),
        ("colour", json!("red"), ("/colour", "unknown_field")),
        ("workflow_version", json!(99), ("/workflow_version", "unknown")),
    ];
    let untold = [
        "not JSON".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        changed(
            &message(&story.requester_id, &new()),
            "tenant",
            json!("Not A Tenant"),
        )
        .to_string(),
        changed(&message(&story.requester_id, &new()), "ticket", json!("a#b")).to_string(),
    ];
    let mut failing = Vec::new();
    let mut neighbours = Vec::new();
    for (member, value, reason) in told {
        let (poison, neighbour) = (new(), new());
        let body = changed(&message(&story.requester_id, &poison), member, value);
        put(&app, body.to_string()).await;
        put(&app, message(&story.requester_id, &neighbour).to_string()).await;
        failing.push((poison, reason));
        neighbours.push(neighbour);
    }
    for body in &untold {
        put(&app, body.clone()).await;
    }
    for neighbour in neighbours {
        let ticket = story
            .requester
            .until(&format!("/tickets/{neighbour}"), |_| true)
            .await;
        assert_eq!(ticket["created_at"], "2026-01-02T03:04:05Z");
    }
    for (poison, (pointer, code)) in &failing {
        let mut reasons = None;
        for _ in 0..200 {
            reasons = failure(&app, poison).await;
            if reasons.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(reasons.unwrap(), [((*pointer).to_owned(), (*code).to_owned())]);
        story.admin.get(&format!("/tickets/{poison}")).await.error(404);
    }
    let dead = dead_letters(&app, failing.len() + untold.len()).await;
    assert!(untold.iter().all(|body| dead.contains(body)));
    assert!(
        failing
            .iter()
            .all(|(id, _)| dead.iter().any(|body| body.contains(id)))
    );
}

/// Waits until so many messages have been given up.
async fn dead_letters(app: &TestApp, count: usize) -> HashSet<String> {
    let platform = &app.platform;
    let name = Queue::Submissions.dead_letter_name(&platform.app.config.prefix);
    let (base, _) = platform
        .app
        .config
        .submissions_queue_url
        .rsplit_once('/')
        .unwrap();
    let url = format!("{base}/{name}");
    let mut bodies = HashSet::new();
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        let receive = platform.clients.sqs.receive_message().queue_url(&url);
        let receive = receive.max_number_of_messages(10).wait_time_seconds(5);
        let found = receive.send().await.unwrap().messages.unwrap_or_default();
        bodies.extend(found.into_iter().filter_map(|message| message.body));
        if bodies.len() >= count {
            break;
        }
    }
    assert_eq!(bodies.len(), count, "{bodies:?}");
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_says_why_it_failed() {
    if lacks(HANDLERS, "a_submission_says_why_it_failed") {
        return;
    }
    let app = TestApp::start_with(|http| http).await;
    let story = Story::set_up(&app).await;
    let submission = story.submit(1.0).await;
    let path = format!("/tickets/submissions/{submission}");
    assert_eq!(
        story.requester.get(&path).await.data(200),
        &json!({ "id": submission, "status": "queued" })
    );
    // The consumer meets it with values that another producer's form would have allowed.
    let (sqs, url) = (
        &app.platform.clients.sqs,
        &app.platform.app.config.submissions_queue_url,
    );
    let taken = sqs.receive_message().queue_url(url).send().await.unwrap();
    let mut body: Value = serde_json::from_str(taken.messages()[0].body().unwrap()).unwrap();
    body["values"] = json!({ "amount": "much", "more": 1 });
    let handler = handler("create_tickets");
    let event = json!({ "Records": [{ "messageId": "1", "body": body.to_string() }] });
    let answer = handler
        .invoke(app.platform.app.clone(), event, "test".to_owned())
        .await;
    assert_eq!(
        answer.unwrap(),
        json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })
    );
    let request = story
        .requester
        .request(Method::GET, &path)
        .header("accept-language", "zh");
    let told = send(request).await;
    let told = told.data(200);
    assert_eq!(told["status"], "failed");
    let details = told["error"]["details"].as_array().unwrap();
    let found: Vec<&str> = details.iter().map(|d| d["pointer"].as_str().unwrap()).collect();
    assert_eq!(found, ["/values/amount", "/values/more"]);
    assert_eq!(details[1]["message"], "表单没有此字段。");
}

fn handler(id: &str) -> runtime::Handler {
    let mut handlers = functions::handlers().into_iter();
    handlers.find(|handler| handler.operation.id == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_twice_is_there_once() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let ids: Vec<String> = (0..5).map(|_| Uuid::now_v7().to_string()).collect();
    for _ in 0..2 {
        for id in &ids {
            put(&app, message(&story.requester_id, id).to_string()).await;
        }
    }
    for id in &ids {
        let task = story.task_of(&story.manager, id).await;
        assert_eq!(task, format!("i-{id}~manager~1"));
    }
    // Once more, now that everything is there.
    for id in &ids {
        put(&app, message(&story.requester_id, id).to_string()).await;
    }
    // Messages come in no order, but this one comes after those before it were received.
    story.ticket(&story.submit(3.0).await).await;
    let tickets = story.requester.get("/tickets?limit=100").await;
    assert_eq!(
        tickets.data(200)["items"].as_array().unwrap().len(),
        ids.len() + 1
    );
    let todo = story.manager.get("/tasks?limit=100").await;
    let todo = todo.data(200)["items"].as_array().unwrap();
    let tasks: HashSet<&str> = todo.iter().map(|task| task["id"].as_str().unwrap()).collect();
    assert_eq!(tasks.len(), todo.len());
    for id in &ids {
        let tenant = TenantId::default_tenant();
        let ticket = TicketId::parse(id.as_str()).unwrap();
        let events = |key| app.platform.app.store.events_of(key);
        let key = keys::ticket(&tenant, &ticket);
        let of_ticket = events(&key).await.unwrap();
        assert_eq!(of_ticket.len(), 1, "{of_ticket:?}");
        let instance = keys::instance(&tenant, &InstanceId::of_ticket(&ticket));
        assert!(events(&instance).await.unwrap().len() <= 1);
    }
    assert_eq!(executions(&app).await, ids.len() + 1);
}

/// How many executions the published machine has.
async fn executions(app: &TestApp) -> usize {
    let sfn = &app.platform.clients.sfn;
    // Another endpoint may have more than a page of them, for other tests.
    let machines = sfn.list_state_machines().into_paginator().items().send();
    let machines: Result<Vec<_>, _> = machines.collect().await;
    let machines = machines.unwrap();
    let prefix = &app.platform.app.config.prefix;
    let ours = machines
        .iter()
        .find(|machine| machine.name().starts_with(prefix.as_str()));
    let list = sfn
        .list_executions()
        .state_machine_arn(ours.unwrap().state_machine_arn());
    list.send().await.unwrap().executions().len()
}

async fn submit(client: &Client, key: &str, amount: u32) -> Answer {
    let body = json!({ "type": "expense", "title": "Taxi", "values": { "amount": amount } });
    let request = client.request(Method::POST, "/tickets/submissions");
    send(request.header("idempotency-key", key).json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_submission_determines_it() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let (_, colleague) = user(&story.admin, "colleague", "requester", None).await;
    let id = |answer: &Answer| answer.data(202)["id"].as_str().unwrap().to_owned();
    let first = id(&submit(&story.requester, "k1", 1).await);
    let ticket = story.ticket(&first).await;
    assert_eq!(id(&submit(&story.requester, "k1", 2).await), first);
    let second = id(&submit(&story.requester, "k2", 3).await);
    let hers = id(&submit(&colleague, "k1", 4).await);
    assert_eq!(HashSet::from([&first, &second, &hers]).len(), 3);
    assert_ne!(story.ticket(&second).await["id"], ticket["id"]);
    assert_eq!(story.ticket(&first).await["values"], json!({ "amount": 1 }));
    let tickets = story.requester.get("/tickets").await;
    assert_eq!(tickets.data(200)["items"].as_array().unwrap().len(), 2);
    for key in ["", "a#b", &"k".repeat(256)] {
        let (_, details) = submit(&story.requester, key, 1).await.error(400);
        assert_eq!(details[0].0, "/header/idempotency-key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_was_never_issued_is_none() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let (_, colleague) = user(&story.admin, "colleague", "requester", None).await;
    let submission = story.submit(1.0).await;
    let path = |id: &str| format!("/tickets/submissions/{id}");
    colleague.get(&path(&submission)).await.error(403);
    // Tampered with at any place, it is another one.
    for place in (0..submission.len()).step_by(5) {
        let mut bytes = submission.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(bytes).unwrap();
        for who in [&story.requester, &colleague, &story.admin] {
            who.get(&path(&tampered)).await.error(404);
        }
    }
    let uuid = Uuid::now_v7().to_string();
    for id in [uuid.as_str(), "x", "%00", "%20", "%23", &"A".repeat(3000)] {
        story.requester.get(&path(id)).await.error(404);
    }
}
