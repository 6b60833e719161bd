//! What an operation costs when it is warm: AWS calls and capacity units, exact, against the table of the design.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use serde_json::{Value, json};
use tests::fuse::{LOOKING, Wire, summary};
use tests::needs::{HANDLERS, lacks};
use tests::{ADMIN_PASSWORD, Story, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn operations_cost_what_the_design_says() {
    if lacks("all capacity units", "what operations cost") || lacks(HANDLERS, "what operations cost") {
        return;
    }
    let wire = Wire::new();
    let app = TestApp::start_with(|http| wire.around(http)).await;
    let story = Story::set_up(&app).await;
    let handlers = functions::handlers();
    let invoke = async |id: &str, event: Value| {
        let handler = handlers
            .iter()
            .find(|handler| handler.operation.id == id)
            .unwrap();
        handler
            .invoke(app.platform.app.clone(), event, "test".to_owned())
            .await
            .unwrap()
    };
    // Once each, so that definitions are known and connections are open.
    story.submit(120.0).await;
    let mut table = Vec::new();
    let mut row = |operation: &str| {
        table.push(format!(
            "{operation}: {}",
            summary(&wire.take(), operation).join(", ")
        ))
    };
    wire.take();

    story.submit(120.0).await;
    row("submit_ticket");

    let sqs = &app.platform.clients.sqs;
    let url = &app.platform.queue_urls[&runtime::grant::Queue::Submissions];
    for _ in 0..9 {
        story.submit(120.0).await;
    }
    let mut records = Vec::new();
    while records.len() < 10 {
        let received = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .send()
            .await
            .unwrap();
        for message in received.messages() {
            records.push(json!({ "messageId": message.message_id(), "body": message.body(), "attributes": {}, "messageAttributes": {} }));
        }
    }
    records.truncate(10);
    wire.take();
    assert_eq!(
        invoke("create_tickets", json!({ "Records": records })).await["batchItemFailures"],
        json!([])
    );
    row("create_tickets");

    let list = story
        .manager
        .until("/tasks", |list| {
            list["items"].as_array().is_some_and(|items| items.len() >= 10)
        })
        .await;
    let item = list["items"][0].clone();
    let (task, ticket) = (item["id"].as_str().unwrap(), item["ticket_id"].as_str().unwrap());
    let instance = item["instance_id"].as_str().unwrap();
    wire.take();
    for (client, path, operation) in [
        (&story.requester, format!("/tickets/{ticket}"), "get_ticket"),
        (&story.admin, "/forms/expense-claim".to_owned(), "get_form"),
        (
            &story.admin,
            "/workflows/expense-approval".to_owned(),
            "get_workflow",
        ),
        (&story.admin, format!("/users/{}", story.manager_id), "get_user"),
        (&story.manager, format!("/tasks/{task}"), "get_task"),
        (&story.requester, "/tickets?limit=5".to_owned(), "list_tickets"),
        (&story.admin, "/forms".to_owned(), "list_forms"),
        (&story.admin, "/users".to_owned(), "list_users"),
        (
            &story.manager,
            "/tasks?view=todo&limit=5".to_owned(),
            "list_tasks",
        ),
        (&story.manager, "/tasks?view=claimable".to_owned(), "list_tasks"),
    ] {
        client.get(&path).await.data(200);
        row(operation);
    }
    // A ticket's instance that its stream has not written yet costs one more read; here it is written.
    app.platform
        .app
        .store
        .instance_create(
            &domain::id::TenantId::default_tenant(),
            &engine_instance(&app, ticket).await,
        )
        .await
        .unwrap();
    wire.take();
    story
        .requester
        .get(&format!("/instances/{instance}"))
        .await
        .data(200);
    row("get_instance");

    story
        .manager
        .post(
            &format!("/tasks/{task}/complete"),
            json!({ "outcome": "approve" }),
        )
        .await
        .data(200);
    row("complete_task");

    app.client.sign_in("admin", ADMIN_PASSWORD).await;
    row("login");

    insta::assert_snapshot!(table.join("\n"), @r"
    submit_ticket: 1 SendMessage submissions
    create_tickets: 10 PutItem tickets (20 units), 10 StartExecution
    get_ticket: 1 GetItem tickets (1 units)
    get_form: 1 GetItem forms (1 units)
    get_workflow: 1 GetItem workflows (1 units)
    get_user: 1 GetItem identity (1 units)
    get_task: 1 GetItem tasks (1 units)
    list_tickets: 1 Query tickets (0.5 units)
    list_forms: 1 Query forms (0.5 units)
    list_users: 1 Query identity (0.5 units)
    list_tasks: 1 Query tasks (0.5 units)
    list_tasks: 2 Query tasks (1 units)
    get_instance: 1 GetItem instances (1 units), 1 Query tasks (1 units)
    complete_task: 1 SendTaskSuccess, 2 UpdateItem tasks (5 units)
    login: 1 GetItem identity (1 units), 1 PutItem identity (1 units)
    ");
}

async fn engine_instance(app: &TestApp, ticket: &str) -> domain::instance::Instance {
    let tenant = domain::id::TenantId::default_tenant();
    let id = domain::id::TicketId::parse(ticket).unwrap();
    domain::instance::Instance::of_ticket(
        &app.platform
            .app
            .store
            .ticket_get(&tenant, &id)
            .await
            .unwrap()
            .unwrap(),
    )
}

/// Everything that one approval costs, from its submission until its ticket is resolved and nothing is left to do.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_costs_what_its_functions_need() {
    if lacks("all capacity units", "what an approval costs") || lacks(HANDLERS, "what an approval costs") {
        return;
    }
    let wire = Wire::new();
    let mut app = TestApp::start_with(|http| wire.around(http)).await;
    app.platform.follow().await;
    let story = Story::set_up(&app).await;
    approve(&story).await;
    wire.take();
    approve(&story).await;
    let calls = wire.take();
    let mut operations: Vec<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
    operations.sort_unstable();
    operations.dedup();
    // Who puts a task into the list first pays for it: the calls are told by function, the units together.
    let of_it = || operations.iter().filter(|operation| !LOOKING.contains(operation));
    let mut table: Vec<String> = of_it()
        .map(|operation| {
            let lines = summary(&calls, operation);
            let counts: Vec<&str> = lines.iter().filter_map(|line| line.split(" (").next()).collect();
            format!("{operation}: {}", counts.join(", "))
        })
        .collect();
    let counted = calls
        .iter()
        .filter(|call| !LOOKING.contains(&call.operation.as_str()));
    let units: f64 = counted.clone().map(|call| call.units).sum();
    table.push(format!("together: {} calls, {units} units", counted.count()));
    insta::assert_snapshot!(table.join("\n"), @r"
    complete_task: 1 SendTaskSuccess, 2 UpdateItem tasks
    create_payment: 1 BatchWriteItem instances, 1 GetItem instances, 1 PutItem commerce
    create_tickets: 1 PutItem tickets, 1 StartExecution
    end_instance: 1 BatchWriteItem instances, 1 Query tasks, 2 UpdateItem instances, 1 UpdateItem tickets
    follow_instances: 2 BatchWriteItem events
    follow_tasks: 1 PutItem tasks, 1 Query tasks, 1 SendTaskSuccess, 2 UpdateItem tasks
    follow_tickets: 2 BatchWriteItem events, 1 PutItem instances, 1 PutItem tasks
    open_task: 1 BatchWriteItem instances, 1 GetItem identity, 1 PutItem tasks, 1 UpdateItem tasks
    submit_ticket: 1 SendMessage submissions
    together: 29 calls, 37 units
    ");
}

async fn approve(story: &Story) {
    let submission = story.submit(120.0).await;
    let ticket = story.ticket(&submission).await;
    let ticket = ticket["id"].as_str().unwrap();
    let task = story.task_of(&story.manager, ticket).await;
    // What the streams bring is there before the vote, so that nothing depends on who is faster.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let vote = json!({ "outcome": "approve" });
    story
        .manager
        .post(&format!("/tasks/{task}/complete"), vote)
        .await
        .data(200);
    story.resolved(ticket).await;
    tokio::time::sleep(std::time::Duration::from_millis(1000)).await;
}
