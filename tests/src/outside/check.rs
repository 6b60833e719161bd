//! What an instance has come to, and what is left of it.

use domain::id::TenantId;
use domain::task::Task;
use domain::thrown::Channel;
use serde_json::{Value, json};

use super::{Outside, Played, entered, nodes};
use crate::language::{Left, Way};
use crate::mortal;

impl Outside {
    /// It has ended as it should, and nothing is left of it but what is told.
    pub(super) async fn check(&self, played: &Played, way: &Way) {
        let admin = &self.story.admin;
        let path = format!("/instances/{}", played.instance);
        let moving = |status: &Value| *status == "running";
        let ended = admin.until(&path, |instance| !moving(&instance["status"])).await;
        let trace = admin.get(&format!("{path}/trace")).await.data(200)["items"].clone();
        assert_eq!(
            (ended["status"].as_str(), told(&trace).as_str()),
            (Some(way.status.as_str()), way.trace.as_str()),
            "{ended}"
        );
        assert_eq!(ended["active_nodes"], json!([]));
        assert_eq!(ended["incident"], json!(null));
        let resolved = self.story.resolved(&played.ticket).await;
        assert_eq!(resolved["resolution"], json!(way.status));
        self.check_nodes(played, &ended, &trace).await;
        let open = |places: Vec<Task>| places.into_iter().find(Task::is_open);
        assert_eq!(open(self.places(&played.instance).await), None);
        for (_, client) in &self.people {
            for view in ["todo", "claimable"] {
                let has_none = |list: &Value| {
                    let items = list["items"].as_array().unwrap();
                    items.iter().all(|item| item["ticket_id"] != json!(played.ticket))
                };
                client
                    .until(&format!("/tasks?view={view}&limit=100"), has_none)
                    .await;
            }
        }
        for left in &way.left {
            self.check_left(played, left, &ended).await;
        }
    }

    /// Each line of the trace knows its node, and where that is a payment there is one.
    async fn check_nodes(&self, played: &Played, ended: &Value, trace: &Value) {
        let nodes = nodes(&played.definition);
        for line in trace.as_array().unwrap() {
            let node = nodes.iter().find(|node| node["id"] == line["node"]).unwrap();
            assert_eq!(line["type"], node["type"], "{line}");
            assert!(line["left_at"].is_string(), "{line}");
            if node["lambda"] == "create-payment" {
                let iteration = line["iteration"]
                    .as_str()
                    .map(|iteration| format!("~{iteration}"));
                let path = format!(
                    "/payments/{}~{}~{}{}",
                    played.instance,
                    line["node"].as_str().unwrap(),
                    line["visit"],
                    iteration.unwrap_or_default()
                );
                let payment = self.story.admin.get(&path).await.data(200).clone();
                assert_eq!(payment["amount"], ended["data"]["amount"], "{path}");
            }
        }
    }

    async fn check_left(&self, played: &Played, left: &Left, ended: &Value) {
        match left {
            Left::Data(data) => {
                for (name, value) in data.as_object().unwrap() {
                    assert_eq!(ended["data"][name], *value, "{name} of {ended}");
                }
            }
            Left::Message {
                name,
                correlation,
                data,
            } => {
                let channel = Channel::Message {
                    name: name.clone(),
                    correlation: correlation.clone().unwrap_or_else(|| played.ticket.clone()),
                };
                let (store, tenant) = (&self.app.platform.app.store, TenantId::default_tenant());
                let kept = store
                    .messages_kept(&tenant, &channel, runtime::clock::now())
                    .await
                    .unwrap();
                let own = kept
                    .iter()
                    .filter(|kept| kept.id.starts_with(played.instance.as_str()));
                let own: Vec<Value> = own.map(|kept| json!(kept.data)).collect();
                assert_eq!(json!(own), json!([data]), "{name}");
            }
            Left::Queue { name, body } => self.check_queue(name, body).await,
            Left::Bank { key, body } => {
                let key = format!("{}/{key}", played.instance);
                let calls = self.bank.calls();
                let own = calls
                    .iter()
                    .filter(|call| call.idempotency_key == key && call.answered);
                let mut own: Vec<&Value> = own.map(|call| &call.body).collect();
                // Who is killed calls again, the same under the same key.
                if mortal::killed().contains_key("call_http") {
                    own.dedup();
                }
                assert_eq!(own, [body], "{key}");
            }
        }
    }

    async fn check_queue(&self, name: &str, body: &Value) {
        let sqs = &self.app.platform.clients.sqs;
        let name = runtime::grant::outgoing_queue(&self.app.platform.app.config.prefix, name);
        let url = sqs
            .get_queue_url()
            .queue_name(name)
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap();
        let received = sqs
            .receive_message()
            .queue_url(&url)
            .wait_time_seconds(5)
            .send()
            .await
            .unwrap();
        let message = &received.messages()[0];
        assert_eq!(
            serde_json::from_str::<Value>(message.body().unwrap()).unwrap(),
            *body
        );
        let taken = sqs
            .delete_message()
            .queue_url(&url)
            .receipt_handle(message.receipt_handle().unwrap());
        taken.send().await.unwrap();
    }
}

/// The trace as the table of ways tells it.
pub fn told(trace: &Value) -> String {
    let lines = trace.as_array().unwrap().iter().map(|line| {
        let node = line["node"].as_str().unwrap();
        let entered = entered(node, line["visit"].as_u64().unwrap(), line["iteration"].as_str());
        match line["outcome"].as_str() {
            Some(outcome) => format!("{entered}={outcome}"),
            None => entered,
        }
    });
    lines.collect::<Vec<_>>().join(" ")
}
