//! One object of each kind, and where it is found.

use serde_json::{Value, json};

use crate::Story;

const IDS: [(&str, &str); 6] = [
    ("/users", "user"),
    ("/tickets/submissions", "submission"),
    ("/tickets", "ticket"),
    ("/tasks", "task"),
    ("/instances", "instance"),
    ("/payments", "payment"),
];

/// Objects of the default tenant, one of each kind.
pub async fn objects(story: &Story) -> Value {
    let submission = story.submit(120.0).await;
    let ticket = story.ticket(&submission).await;
    let id = ticket["id"].as_str().unwrap();
    let task = story.task_of(&story.manager, id).await;
    let paid = story.ticket(&story.submit(10.0).await).await;
    let paid_id = paid["id"].as_str().unwrap();
    let approved = story.task_of(&story.manager, paid_id).await;
    let body = json!({ "outcome": "approve" });
    story
        .manager
        .post(&format!("/tasks/{approved}/complete"), body)
        .await
        .data(200);
    story.resolved(paid_id).await;
    json!({
        "user": story.requester_id, "submission": submission, "ticket": id, "task": task,
        "instance": ticket["instance_id"], "payment": format!("i-{paid_id}~pay~1"),
    })
}

/// An operation's address with the ids of real objects in it.
pub fn address(path: &str, objects: &Value) -> String {
    let path = path.strip_prefix("/api/v1").unwrap();
    let mut address = path.replace("{version}", "1");
    for (prefix, kind) in IDS {
        if address.starts_with(&format!("{prefix}/{{id}}")) {
            address = address.replace("{id}", objects[kind].as_str().unwrap());
        }
    }
    for (prefix, key) in [
        ("/roles", "director"),
        ("/forms", "expense-claim"),
        ("/workflows", "expense-approval"),
        ("/ticket-types", "expense"),
    ] {
        if address.starts_with(prefix) {
            address = address.replace("{key}", key);
        }
    }
    assert!(!address.contains('{'), "no object for {address}");
    address
}
