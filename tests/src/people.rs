//! The people and definitions of the story: a requester, her manager, a director, and expense approval.

use serde_json::{Value, json};

use crate::{ADMIN_PASSWORD, Client, TestApp};

/// Everybody signed in, everything published.
#[derive(Debug)]
pub struct Story {
    pub admin: Client,
    pub requester: Client,
    pub requester_id: String,
    pub manager: Client,
    pub manager_id: String,
    pub director: Client,
    pub director_id: String,
}

pub const PASSWORD: &str = "password-1";

impl Story {
    /// By the API, as an administrator and a designer would do it.
    pub async fn set_up(app: &TestApp) -> Self {
        Self::set_up_at(&app.client).await
    }

    /// On the platform that a client talks to, wherever it runs.
    pub async fn set_up_at(client: &Client) -> Self {
        let admin = client.sign_in("admin", ADMIN_PASSWORD).await;
        let permissions = ["task:read", "task:act", "instance:read"];
        let director = json!({ "key": "director", "name": { "en": "Director", "zh": "总监" }, "permissions": permissions });
        admin.post("/roles", director).await.data(201);
        let (manager_id, manager) = user(&admin, "manager", "approver", None).await;
        let (director_id, director) = user(&admin, "director", "director", None).await;
        let (requester_id, requester) = user(&admin, "requester", "requester", Some(&manager_id)).await;
        admin
            .post("/forms", definition("expense-claim.form.json"))
            .await
            .data(201);
        admin.act("/forms/expense-claim/publish").await.data(200);
        admin
            .post("/workflows", definition("expense-approval.json"))
            .await
            .data(201);
        admin.act("/workflows/expense-approval/publish").await.data(200);
        let kind = json!({ "key": "expense", "name": { "en": "Expense", "zh": "报销" }, "workflow": "expense-approval" });
        admin.post("/ticket-types", kind).await.data(201);
        Self {
            admin,
            requester,
            requester_id,
            manager,
            manager_id,
            director,
            director_id,
        }
    }

    /// Submits a claim; gives the submission's id.
    pub async fn submit(&self, amount: f64) -> String {
        let body = json!({ "type": "expense", "title": "Train to Shanghai", "values": { "amount": amount } });
        let answer = self.requester.post("/tickets/submissions", body).await;
        answer.data(202)["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a submission has become a ticket.
    pub async fn ticket(&self, submission: &str) -> Value {
        let path = format!("/tickets/submissions/{submission}");
        let created = self
            .requester
            .until(&path, |submission| submission["status"] == "created")
            .await;
        let id = created["ticket_id"].as_str().unwrap();
        self.requester
            .get(&format!("/tickets/{id}"))
            .await
            .data(200)
            .clone()
    }

    /// Waits until somebody has a task of a ticket; gives the task's id.
    pub async fn task_of(&self, who: &Client, ticket: &str) -> String {
        let of_ticket = |list: &Value| {
            let items = list["items"].as_array().cloned().unwrap_or_default();
            items.into_iter().find(|item| item["ticket_id"] == ticket)
        };
        let list = who
            .until("/tasks?view=todo", |list| of_ticket(list).is_some())
            .await;
        of_ticket(&list).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a ticket is resolved.
    pub async fn resolved(&self, ticket: &str) -> Value {
        self.requester
            .until(&format!("/tickets/{ticket}"), |ticket| {
                ticket["status"] == "resolved"
            })
            .await
    }
}

/// A new user, signed in.
pub async fn user(admin: &Client, name: &str, role: &str, leader: Option<&str>) -> (String, Client) {
    let body = json!({
        "username": name, "password": PASSWORD, "display_name": name, "roles": [role], "leader": leader,
    });
    let id = admin.post("/users", body).await.data(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    (id, admin.sign_in(name, PASSWORD).await)
}

/// One of the predefined definitions, as the repository holds it.
pub fn definition(file: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../state-machines/definitions");
    serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{file}")).unwrap()).unwrap()
}
