//! No operation does more with AWS than it declares: the policies made from the declarations are enough.

use std::collections::BTreeSet;

use runtime::grant::{Grant, Resource};
use serde_json::json;
use tests::fuse::{Call, Wire};
use tests::needs::{HANDLERS, lacks};
use tests::{ADMIN_PASSWORD, Story, TestApp};

/// What IAM checks for a call: a transaction is checked as the writes in it.
fn granted(grants: &[Grant], call: &Call) -> bool {
    let (action, on) = call.what.split_once(' ').unwrap_or((&call.what, ""));
    let actions: &[&str] = if action == "TransactWriteItems" {
        &["PutItem", "UpdateItem"]
    } else {
        &[action]
    };
    grants.iter().any(|grant| {
        let resource = match grant.resource {
            Resource::Table(table) => table.base_name(),
            Resource::Queue(queue) => queue.base_name(),
            Resource::OutgoingQueues | Resource::StateMachines => "",
        };
        resource == on && actions.iter().any(|action| grant.actions.contains(action))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_needs_no_more_than_is_granted() {
    if lacks(HANDLERS, "the_story_needs_no_more_than_is_granted") {
        return;
    }
    let wire = Wire::new();
    let mut app = TestApp::start_with(|http| wire.around(http)).await;
    app.platform.follow().await;
    let story = Story::set_up(&app).await;
    for (amount, outcome) in [(120.0, "approve"), (9000.0, "approve"), (50.0, "reject")] {
        let submission = story.submit(amount).await;
        let ticket = story.ticket(&submission).await;
        let id = ticket["id"].as_str().unwrap();
        let body = json!({ "outcome": outcome, "values": { "note": "seen" } });
        let task = story.task_of(&story.manager, id).await;
        story.manager.act(&format!("/tasks/{task}/claim")).await.data(200);
        story
            .manager
            .post(&format!("/tasks/{task}/complete"), body)
            .await
            .data(200);
        if amount > 5000.0 {
            let task = story.task_of(&story.director, id).await;
            let verb = |verb: &str| format!("/instances/i-{id}/{verb}");
            for verb in [verb("suspend"), verb("resume")] {
                story.admin.act(&verb).await.data(200);
            }
            story
                .director
                .until(&format!("/tasks/{task}"), |task| task["status"] == "open")
                .await;
            story.admin.act(&verb("terminate")).await.data(200);
        }
        story.resolved(id).await;
        for path in ["/instances/i-", "/tickets/"] {
            story.requester.get(&format!("{path}{id}")).await.data(200);
        }
        story
            .manager
            .get(&format!("/instances/i-{id}/trace"))
            .await
            .data(200);
    }
    for path in [
        "/tickets",
        "/tasks?view=claimable",
        "/users",
        "/roles",
        "/forms",
        "/workflows",
        "/ticket-types",
        "/healthz",
    ] {
        story.admin.get(path).await.data(200);
    }
    let login = json!({ "username": "admin", "password": ADMIN_PASSWORD });
    let tokens = app.client.post("/auth/login", login).await.data(200).clone();
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    app.client.post("/auth/refresh", refresh).await.data(200);

    let endpoints = functions::endpoints()
        .into_iter()
        .map(|endpoint| endpoint.operation);
    let operations: Vec<_> = endpoints
        .chain(functions::handlers().into_iter().map(|handler| handler.operation))
        .collect();
    let mut seen = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for call in wire.take().into_iter().filter(|call| !call.operation.is_empty()) {
        let operation = operations
            .iter()
            .find(|operation| operation.id == call.operation)
            .unwrap();
        seen.insert(call.operation.clone());
        if !granted(&operation.grants, &call) {
            refused.insert(format!("{}: {}", call.operation, call.what));
        }
    }
    assert_eq!(refused, BTreeSet::new());
    assert!(seen.len() >= 30, "only {seen:?}");
}
