//! All that is around an instance: people, other systems, the time. It plays the ways through the examples of the language.

mod check;

use std::time::{Duration, Instant};

use domain::id::{InstanceId, TaskId, TenantId};
use domain::task::{NextDue, Task};
use domain::thrown::Channel;
use serde_json::{Value, json};
use store::{Table, item, keys};

use crate::bank::Bank;
use crate::deployment::patience;
use crate::language::{Example, Step, Way};
use crate::people::{PASSWORD, user};
use crate::{Client, Story, TestApp};

pub use check::told;

#[derive(Debug)]
pub struct Outside {
    pub app: TestApp,
    pub story: Story,
    bank: Bank,
    people: Vec<(&'static str, Client)>,
}

/// An instance on its way.
#[derive(Debug, Clone)]
pub struct Played {
    pub ticket: String,
    pub instance: InstanceId,
    /// The whole of the example that it is one of.
    pub definition: Value,
}

impl Outside {
    /// Everybody is there, and two more directors.
    pub async fn around(app: TestApp) -> Self {
        let mut story = Story::set_up(&app).await;
        // Some examples give tasks to who has submitted the ticket; tasks need another role.
        let body = json!({
            "username": "busy", "password": PASSWORD, "display_name": "Busy", "roles": ["requester", "approver"],
            "leader": story.manager_id,
        });
        story.admin.post("/users", body).await.data(201);
        story.requester = app.client.sign_in("busy", PASSWORD).await;
        let (_, second) = user(&story.admin, "second", "director", None).await;
        let (_, third) = user(&story.admin, "third", "director", None).await;
        let people = vec![
            ("admin", story.admin.clone()),
            ("requester", story.requester.clone()),
            ("manager", story.manager.clone()),
            ("director", story.director.clone()),
            ("second", second),
            ("third", third),
        ];
        let bank = Bank::open().await;
        Self {
            app,
            story,
            bank,
            people,
        }
    }

    /// Publishes an example, with a ticket type of its key, and makes the queues that it names. What it calls has to be
    /// published.
    pub async fn publish(&self, example: &Example) -> Value {
        let (admin, key) = (&self.story.admin, &example.key);
        // The bank of the examples is not of this world.
        let text = example.text.replace("https://bank.example", &self.bank.url);
        let definition: Value = serde_json::from_str(&text).unwrap();
        let known = admin.get(&format!("/workflows/{key}")).await.status == 200;
        if !known {
            let draft = admin
                .post("/workflows", definition.clone())
                .await
                .data(201)
                .clone();
            let diagnostics = draft["diagnostics"].as_array().unwrap();
            let errors = diagnostics.iter().filter(|one| one["severity"] == "error");
            assert_eq!(errors.count(), 0, "{key}: {draft}");
            admin.act(&format!("/workflows/{key}/publish")).await.data(200);
        }
        let kind = json!({ "key": key, "name": key, "workflow": key });
        admin.post("/ticket-types", kind).await.data(201);
        for node in nodes(&definition) {
            if let Some(name) = node["queue"]["name"].as_str() {
                let name = runtime::grant::outgoing_queue(&self.app.platform.app.config.prefix, name);
                let created = self.app.platform.clients.sqs.create_queue().queue_name(name);
                created.send().await.unwrap();
            }
        }
        definition
    }

    /// Goes a way to its end, and looks whether it is the one that was told.
    pub async fn play(&self, way: &Way, definition: &Value) -> Played {
        let played = self.begin(way, definition).await;
        for step in &way.steps {
            self.act(&played, step).await;
        }
        self.check(&played, way).await;
        played
    }

    /// The requester submits a ticket.
    async fn begin(&self, way: &Way, definition: &Value) -> Played {
        let requester = &self.story.requester;
        let body = json!({ "type": way.example, "title": way.example, "values": way.values });
        let submission = requester.post("/tickets/submissions", body).await;
        let submission = submission.data(202)["id"].as_str().unwrap().to_owned();
        let ticket = self.story.ticket(&submission).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let instance = InstanceId::parse(format!("i-{ticket}")).unwrap();
        Played {
            ticket,
            instance,
            definition: definition.clone(),
        }
    }

    async fn act(&self, played: &Played, step: &Step) {
        match step {
            Step::At(nodes) => {
                let here = |instance: &Value| {
                    let mut at: Vec<_> = strings(&instance["active_nodes"]);
                    at.sort();
                    let mut nodes = nodes.clone();
                    nodes.sort();
                    at == nodes
                };
                let path = format!("/instances/{}", played.instance);
                self.story.admin.until(&path, here).await;
            }
            Step::Passed(node) => {
                let passed = |trace: &Value| {
                    let told = told(&trace["items"]);
                    told.split(' ').any(|entered| entered == node)
                };
                let path = format!("/instances/{}/trace", played.instance);
                self.story.admin.until(&path, passed).await;
            }
            Step::Time(node) => self.let_pass(played, node).await,
            Step::Message {
                name,
                correlation,
                data,
            } => {
                let correlation = correlation.as_ref().unwrap_or(&played.ticket);
                let body = json!({ "name": name, "correlation": correlation, "data": data });
                self.story.admin.post("/messages", body).await.data(202);
            }
            Step::Signal { name, data } => {
                // A place stands open a moment before it listens, and a signal is not kept.
                let channel = Channel::Signal { name: name.clone() };
                let listens = async || {
                    let (store, tenant) = (&self.app.platform.app.store, TenantId::default_tenant());
                    let waiting = store.waiting(&tenant, &channel).await.unwrap();
                    let mut own = waiting.iter().filter(|one| one.place.instance == played.instance);
                    own.next().map(|_| ())
                };
                until(&format!("somewhere {name} is listened for"), listens).await;
                let body = json!({ "name": name, "data": data });
                self.story.admin.post("/signals", body).await.data(202);
            }
            Step::Decide {
                who,
                task,
                outcome,
                values,
            } => {
                let client = self.person(who);
                let id = self.task(client, played, task).await;
                let body = json!({ "outcome": outcome, "values": values });
                client
                    .post(&format!("/tasks/{id}/complete"), body)
                    .await
                    .data(200);
            }
        }
    }

    fn person(&self, name: &str) -> &Client {
        let found = self.people.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| unreachable!("nobody is called {name}")).1
    }

    /// Waits until a task of the ticket is somebody's to do, or to claim, which is done. Tasks of called instances are the
    /// ticket's as well.
    async fn task(&self, client: &Client, played: &Played, task: &str) -> String {
        let listed = async |view: &str| {
            let list = client
                .get(&format!("/tasks?view={view}&limit=100"))
                .await
                .data(200)
                .clone();
            let items = list["items"].as_array().unwrap().clone();
            let mut ids = items
                .iter()
                .filter(|item| item["ticket_id"] == json!(played.ticket))
                .map(|item| item["id"].as_str().unwrap().to_owned());
            ids.find(|id| {
                let id = TaskId::parse(id).unwrap();
                let iteration = id.iteration.as_ref().map(|iteration| iteration.as_str());
                entered(id.node.as_str(), u64::from(id.visit), iteration) == task
            })
        };
        until(&format!("somebody has {task}"), async || {
            if let Some(id) = listed("todo").await {
                return Some(id);
            }
            let id = listed("claimable").await?;
            client.act(&format!("/tasks/{id}/claim")).await.data(200);
            Some(id)
        })
        .await
    }

    async fn places(&self, instance: &InstanceId) -> Vec<Task> {
        let (store, tenant) = (&self.app.platform.app.store, TenantId::default_tenant());
        store.tasks_of(&tenant, instance).await.unwrap()
    }

    /// Waits until something will be due at a node, and lets it be due now. Nothing else is changed: what comes of it is for
    /// the function that looks for what is due.
    async fn let_pass(&self, played: &Played, node: &str) {
        let is_of_node = |place: &&Task| match place.next_due() {
            Some(NextDue::Event(due)) => due.node == node,
            Some(NextDue::Overdue(..)) => place.id.node.as_str() == node,
            None => false,
        };
        let path = format!("/instances/{}", played.instance);
        let place = until(&format!("the time of {node} will come"), async || {
            let places = self.places(&played.instance).await;
            let place = places.iter().filter(|place| place.is_open()).find(is_of_node);
            match place {
                Some(place) => Some(Some(place.clone())),
                // The day that the definition names is over, and so is the instance.
                None if self.story.admin.get(&path).await.data(200)["status"] != "running" => Some(None),
                None => None,
            }
        })
        .await;
        let Some(place) = place else { return };
        let at = place.opened_at;
        let (what, due) = match place.next_due() {
            Some(NextDue::Event(_)) => ("timer.#at", "#at"),
            _ => ("due_at", "due_at"),
        };
        let (store, tenant) = (&self.app.platform.app.store, TenantId::default_tenant());
        let key = keys::task(&tenant, &place.id);
        let mut update = store
            .client()
            .update_item()
            .table_name(Table::Tasks.name(store.prefix()))
            .key("pk", item::text(key.pk))
            .key("sk", item::text(key.sk))
            .condition_expression("attribute_not_exists(decided) AND attribute_not_exists(closed_at)")
            .update_expression(format!("SET {what} = :at, gsi1sk = :sk"))
            .expression_attribute_values(":at", item::text(at.to_string()))
            .expression_attribute_values(":sk", item::text(keys::by_time(at, &place.id)));
        if due == "#at" {
            update = update.expression_attribute_names("#at", "at");
        }
        update.send().await.unwrap();
        let tick = self.app.platform.invoke("fire_timers", json!({}));
        tick.await.unwrap();
    }
}

fn entered(node: &str, visit: u64, iteration: Option<&str>) -> String {
    let visit = if visit > 1 {
        format!("#{visit}")
    } else {
        String::new()
    };
    let iteration = iteration.map(|iteration| format!("[{iteration}]"));
    format!("{node}{visit}{}", iteration.unwrap_or_default())
}

/// All nodes of a definition, also those in sub-processes.
fn nodes(scope: &Value) -> Vec<&Value> {
    let own = scope["nodes"].as_array().into_iter().flatten();
    own.flat_map(|node| std::iter::once(node).chain(nodes(node)))
        .collect()
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < patience(20), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
