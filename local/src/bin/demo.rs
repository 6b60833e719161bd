//! `cargo xtask demo`: the story, from login to resolved tickets, told as it happens.
#![expect(clippy::indexing_slicing, reason = "a member that is not there reads as null")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user by printing"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use local::administrator::password_file;
use reqwest::Method;
use serde_json::{Value, json};

/// Walks the story against the running platform.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the platform answers
    #[arg(long, env = "PFLOW_URL", default_value = "http://127.0.0.1:8000")]
    base_url: String,
    /// Password of the user admin; where it is not given, the one that was made at the first start
    #[arg(long, env = "PFLOW_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// The platform's data folder
    #[arg(long, env = "PFLOW_DATA", default_value = "./data")]
    data: PathBuf,
}

const PASSWORD: &str = "demo-password";
const FORM: &str = include_str!("../../../state-machines/definitions/expense-claim.form.json");
const WORKFLOW: &str = include_str!("../../../state-machines/definitions/expense-approval.json");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match tell(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The story breaks off: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn tell(arguments: Arguments) -> Result<()> {
    let api = Api {
        http: reqwest::Client::new(),
        base: format!("{}/api/v1", arguments.base_url.trim_end_matches('/')),
    };
    let password = match arguments.admin_password.filter(|password| !password.is_empty()) {
        Some(password) => password,
        None => std::fs::read_to_string(password_file(&arguments.data))
            .context("set PFLOW_ADMIN_PASSWORD to the password of the user admin")?
            .trim()
            .to_owned(),
    };
    println!("1. The administrator signs in.");
    let admin = api.sign_in("admin", &password).await?;
    let people = People::create(&api, &admin).await?;
    publish(&api, &admin).await?;
    println!("\n4. Three claims.");
    claim(
        &api,
        &people,
        620,
        &[("Mei's manager", &people.manager, "approve")],
    )
    .await?;
    claim(
        &api,
        &people,
        8800,
        &[
            ("Mei's manager", &people.manager, "approve"),
            ("The director", &people.director, "approve"),
        ],
    )
    .await?;
    claim(&api, &people, 75, &[("Mei's manager", &people.manager, "reject")]).await?;
    println!("\nThat is the story.");
    Ok(())
}

/// Access tokens of the people of the story.
struct People {
    requester: String,
    manager: String,
    director: String,
}

impl People {
    async fn create(api: &Api, admin: &str) -> Result<Self> {
        println!("\n2. The administrator creates the people.");
        let role = json!({
            "key": "director", "name": { "en": "Director", "zh": "总监" },
            "permissions": ["task:read", "task:act", "instance:read"],
        });
        api.create(admin, "/roles", &role, "the role director 总监")
            .await?;
        // A directors' task asks every director, so each telling has a new one of her own.
        let suffix = new_suffix();
        let manager_id = api
            .user(
                admin,
                &format!("wang-{suffix}"),
                "Wang Lei 王磊",
                "approver",
                None,
            )
            .await?;
        api.user(
            admin,
            &format!("chen-{suffix}"),
            "Chen Jing 陈静",
            "director",
            None,
        )
        .await?;
        api.user(
            admin,
            &format!("mei-{suffix}"),
            "Mei Lin 林梅",
            "requester",
            Some(&manager_id),
        )
        .await?;
        Ok(Self {
            requester: api.sign_in(&format!("mei-{suffix}"), PASSWORD).await?,
            manager: api.sign_in(&format!("wang-{suffix}"), PASSWORD).await?,
            director: api.sign_in(&format!("chen-{suffix}"), PASSWORD).await?,
        })
    }
}

/// Something that differs between two tellings.
fn new_suffix() -> String {
    uuid::Uuid::now_v7()
        .simple()
        .to_string()
        .chars()
        .skip(26)
        .collect()
}

async fn publish(api: &Api, admin: &str) -> Result<()> {
    println!("\n3. A designer describes the form and the workflow, and publishes them.");
    let form: Value = serde_json::from_str(FORM)?;
    api.create(admin, "/forms", &form, "the form expense-claim 费用报销单")
        .await?;
    let version = api.act(admin, "/forms/expense-claim/publish").await?;
    println!("   The form is published as version {}.", version["version"]);
    refuse_a_bad_one(api, admin).await?;
    let workflow: Value = serde_json::from_str(WORKFLOW)?;
    api.create(
        admin,
        "/workflows",
        &workflow,
        "the workflow expense-approval 费用报销审批",
    )
    .await?;
    let found = api.act(admin, "/workflows/expense-approval/validate").await?;
    println!(
        "   It is checked: {} diagnostics.",
        found["diagnostics"].as_array().map_or(0, Vec::len)
    );
    let published = api.act(admin, "/workflows/expense-approval/publish").await?;
    println!(
        "   It is published as version {}, as the state machine",
        published["version"]
    );
    println!("   {}.", text(&published["state_machine"]));
    let kind = json!({ "key": "expense", "name": { "en": "Expense", "zh": "费用报销" }, "workflow": "expense-approval" });
    api.create(admin, "/ticket-types", &kind, "the ticket type expense 费用报销")
        .await
}

/// A definition with faults is refused with all of them.
async fn refuse_a_bad_one(api: &Api, admin: &str) -> Result<()> {
    let bad = json!({
        "key": "expense-draft", "form": "expense-claim",
        "nodes": [{ "id": "start", "type": "startEvent" }, { "id": "size", "type": "exclusiveGateway" },
            { "id": "end", "type": "endEvent" }],
        "flows": [{ "from": "start", "to": "size" }, { "from": "size", "to": "end", "when": "amuont > " }],
    });
    api.create(admin, "/workflows", &bad, "an unfinished draft")
        .await?;
    let (status, refused) = api
        .call(Method::POST, admin, "/workflows/expense-draft/publish", None)
        .await?;
    println!("   Publishing it is refused ({status}):");
    for detail in refused["error"]["details"].as_array().into_iter().flatten() {
        println!(
            "     {} at {}: {}",
            text(&detail["code"]),
            text(&detail["pointer"]),
            text(&detail["message"])
        );
    }
    Ok(())
}

async fn claim(api: &Api, people: &People, amount: u32, votes: &[(&str, &String, &str)]) -> Result<()> {
    println!("\n   Mei submits a claim of {amount}.");
    let body = json!({ "type": "expense", "title": "Train to Shanghai 上海出差火车票", "values": { "amount": amount } });
    let (status, queued) = api
        .call(
            Method::POST,
            &people.requester,
            "/tickets/submissions",
            Some(&body),
        )
        .await?;
    let submission = text(&queued["data"]["id"]).to_owned();
    println!(
        "   It is taken at once ({status}) and {}.",
        text(&queued["data"]["status"])
    );
    let path = format!("/tickets/submissions/{submission}");
    let created = api
        .until(&people.requester, &path, |data| data["status"] != "queued")
        .await?;
    let ticket = text(&created["ticket_id"]).to_owned();
    println!("   The ticket {ticket} is created and its workflow runs.");
    for (who, token, outcome) in votes {
        let of_ticket = |list: &Value| {
            let items = list["items"].as_array().into_iter().flatten();
            items
                .clone()
                .find(|item| item["ticket_id"] == ticket.as_str())
                .cloned()
        };
        let list = api
            .until(token, "/tasks?view=todo", |list| of_ticket(list).is_some())
            .await?;
        let task = of_ticket(&list).context("the task is in the list")?;
        println!(
            "   {who} finds \"{}\" in the to-do list and votes {outcome}.",
            text(&task["name"]["en"])
        );
        let path = format!("/tasks/{}/complete", text(&task["id"]));
        api.expect(
            Method::POST,
            token,
            &path,
            Some(&json!({ "outcome": outcome })),
            200,
        )
        .await?;
    }
    let path = format!("/tickets/{ticket}");
    let resolved = api
        .until(&people.requester, &path, |ticket| ticket["status"] == "resolved")
        .await?;
    println!(
        "   The ticket is resolved: {}. The trace tells it all:",
        text(&resolved["resolution"])
    );
    let path = format!("/instances/{}/trace", text(&resolved["instance_id"]));
    let trace = api
        .expect(Method::GET, &people.requester, &path, None, 200)
        .await?;
    for item in trace["items"].as_array().into_iter().flatten() {
        let outcome = item["outcome"]
            .as_str()
            .map(|outcome| format!(": {outcome}"))
            .unwrap_or_default();
        println!(
            "     {}. {} ({}){outcome}",
            item["seq"],
            text(&item["name"]["en"]),
            text(&item["type"])
        );
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The platform, as a client sees it.
struct Api {
    http: reqwest::Client,
    base: String,
}

impl Api {
    async fn call(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| {
            format!(
                "the platform does not answer at {}; start it by `cargo xtask run`",
                self.base
            )
        })?;
        let status = answer.status().as_u16();
        Ok((
            status,
            answer
                .json()
                .await
                .with_context(|| format!("{path} answered no JSON"))?,
        ))
    }

    /// The data of an answer that has to have this status.
    async fn expect(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<&Value>,
        wanted: u16,
    ) -> Result<Value> {
        let (status, mut answer) = self.call(method, token, path, body).await?;
        if status != wanted {
            bail!("{path} answered {status}: {}", answer["error"]);
        }
        Ok(answer["data"].take())
    }

    async fn act(&self, token: &str, path: &str) -> Result<Value> {
        self.expect(Method::POST, token, path, None, 200).await
    }

    async fn sign_in(&self, username: &str, password: &str) -> Result<String> {
        let body = json!({ "username": username, "password": password });
        let tokens = self
            .expect(Method::POST, "", "/auth/login", Some(&body), 200)
            .await?;
        Ok(text(&tokens["access_token"]).to_owned())
    }

    async fn user(
        &self,
        admin: &str,
        username: &str,
        name: &str,
        role: &str,
        leader: Option<&str>,
    ) -> Result<String> {
        let body = json!({
            "username": username, "password": PASSWORD, "display_name": name, "roles": [role], "leader": leader,
        });
        let user = self
            .expect(Method::POST, admin, "/users", Some(&body), 201)
            .await?;
        println!("   {name}, {role}, is the user {username}.");
        Ok(text(&user["id"]).to_owned())
    }

    /// Creates what may be there from an earlier telling.
    async fn create(&self, admin: &str, path: &str, body: &Value, what: &str) -> Result<()> {
        let (status, answer) = self.call(Method::POST, admin, path, Some(body)).await?;
        match status {
            201 => println!("   Created: {what}."),
            409 => println!("   There already: {what}."),
            _ => bail!("{path} answered {status}: {}", answer["error"]),
        }
        Ok(())
    }

    /// Reads until it is as wanted; at most half a minute.
    async fn until(&self, token: &str, path: &str, done: impl Fn(&Value) -> bool) -> Result<Value> {
        let started = Instant::now();
        loop {
            let data = self.expect(Method::GET, token, path, None, 200).await?;
            if done(&data) {
                return Ok(data);
            }
            if started.elapsed() > Duration::from_secs(30) {
                bail!("{path} does not become what it should: {data}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
