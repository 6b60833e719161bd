//! Workflows that a test needs: one human task between start and end.

use serde_json::{Value, json};

use crate::{Client, Story};

/// Publishes a workflow with the nodes and flows, and a ticket type of the same key.
pub async fn publish(admin: &Client, key: &str, nodes: Value, flows: Value) {
    let definition =
        json!({ "key": key, "name": key, "form": "expense-claim", "nodes": nodes, "flows": flows });
    admin.post("/workflows", definition).await.data(201);
    admin.act(&format!("/workflows/{key}/publish")).await.data(200);
    let kind = json!({ "key": key, "name": key, "workflow": key });
    admin.post("/ticket-types", kind).await.data(201);
}

/// Publishes a workflow with one human task, `ask`.
pub async fn publish_task(admin: &Client, key: &str, task: Value) {
    let mut ask = json!({ "id": "ask", "type": "userTask", "name": "Ask" });
    for (name, value) in task.as_object().unwrap() {
        ask[name] = value.clone();
    }
    let nodes = json!([
        { "id": "start", "type": "startEvent" },
        ask,
        { "id": "end", "type": "endEvent" },
        { "id": "rejected", "type": "endEvent", "status": "rejected" },
    ]);
    let flows = json!([
        { "from": "start", "to": "ask" },
        { "from": "ask", "to": "end", "outcome": "approve" },
        { "from": "ask", "to": "rejected", "outcome": "reject" },
    ]);
    publish(admin, key, nodes, flows).await;
}

impl Story {
    /// Submits a ticket of a type; gives the ticket's id.
    pub async fn ticket_of(&self, kind: &str) -> String {
        let body = json!({ "type": kind, "title": kind, "values": { "amount": 1 } });
        let submission = self.requester.post("/tickets/submissions", body).await;
        let submission = submission.data(202)["id"].as_str().unwrap();
        self.ticket(submission).await["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a ticket's instance stands at the task `ask`; gives the task's id.
    pub async fn ask(&self, ticket: &str) -> String {
        let path = format!("/instances/i-{ticket}");
        self.admin
            .until(&path, |instance| instance["active_nodes"] == json!(["ask"]))
            .await;
        format!("i-{ticket}~ask~1")
    }
}
