//! The functions as programs, and what each is run with: the variables that the template gives it, and its sample event.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runtime::Endpoint;
use serde_json::{Value, json};

use crate::bank::Bank;
use crate::objects::{address, objects};
use crate::{ADMIN_PASSWORD, Story, TestApp};

/// The binaries whose source is in a folder, by name, built by cargo with these arguments.
///
/// # Panics
///
/// They cannot be built.
pub fn build(arguments: &[&str], folder: &str) -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo told this test of its own package would make it build anew whatever asks for that.
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
            .iter()
            .any(|start| told.starts_with(start))
        {
            command.env_remove(&name);
        }
    }
    let built = command
        .args(["build", "--bins", "--message-format", "json"])
        .args(arguments)
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "the binaries are not built");
    let messages = String::from_utf8(built.stdout).unwrap();
    let artifacts = messages
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["target"]["kind"] == json!(["bin"]) && message["profile"]["test"] == false)
        .filter(|message| {
            let source = Path::new(message["target"]["src_path"].as_str().unwrap());
            source.starts_with(root().join(folder))
        });
    artifacts
        .map(|message| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&message["target"]["name"]),
                text(&message["executable"]).into(),
            )
        })
        .collect()
}

/// The repository.
///
/// # Panics
///
/// This crate is not in a folder of it.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names of the variables that the template gives to each function.
#[derive(Debug)]
pub struct Template {
    pub variables: BTreeMap<String, BTreeSet<String>>,
}

impl Template {
    /// # Panics
    ///
    /// There is no template, or it cannot be read.
    pub fn read() -> Self {
        let text = fs::read_to_string(root().join("infra/template.yaml")).unwrap();
        let template: Value = yaml_serde::from_str(&text).unwrap();
        let names = |properties: &Value| -> BTreeSet<String> {
            let variables = properties["Environment"]["Variables"].as_object();
            variables
                .into_iter()
                .flat_map(|all| all.keys().cloned())
                .collect()
        };
        let everywhere = names(&template["Globals"]["Function"]);
        let resources = template["Resources"].as_object().unwrap().values();
        let variables = resources
            .filter(|resource| resource["Type"] == "AWS::Serverless::Function")
            .map(|function| {
                let properties = &function["Properties"];
                let name = properties["FunctionName"]["Fn::Sub"].as_str().unwrap();
                let name = name.strip_prefix("${Prefix}").unwrap().to_owned();
                (name, &everywhere | &names(properties))
            })
            .collect();
        Self { variables }
    }

    /// What a function is told, and what Lambda tells every function.
    ///
    /// # Panics
    ///
    /// The template has no such function.
    pub fn environment(&self, function: &str, all: &BTreeMap<&str, String>) -> BTreeMap<String, String> {
        let given = &self.variables[function];
        all.iter()
            .filter(|(name, _)| given.contains(**name) || name.starts_with("AWS_"))
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }
}

/// `events/`, with what there is here in the places that they leave open.
#[derive(Debug)]
pub struct Samples {
    endpoints: BTreeMap<String, Endpoint>,
    objects: Value,
    /// Each with what stands for it in the files.
    known: Vec<(&'static str, String)>,
    /// A refresh token is good for one use.
    sessions: Vec<String>,
    _bank: Bank,
}

impl Samples {
    /// # Panics
    ///
    /// The platform does not do what the story needs.
    pub async fn set_up(app: &TestApp) -> Self {
        let story = Story::set_up(app).await;
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let body = json!({ "username": "admin", "password": ADMIN_PASSWORD });
            let tokens = app.client.post("/auth/login", body).await.data(200).clone();
            sessions.push(tokens["refresh_token"].as_str().unwrap().to_owned());
        }
        let queue = runtime::grant::outgoing_queue(&app.platform.app.config.prefix, "receipts");
        let created = app.platform.clients.sqs.create_queue().queue_name(queue);
        created.send().await.unwrap();
        let bank = Bank::open().await;
        let known = vec![
            ("ACCESS_TOKEN", story.admin.token().unwrap().to_owned()),
            ("correct horse battery staple", ADMIN_PASSWORD.to_owned()),
            ("01a5f2c8-7b40-7c3d-9e21-5b8d0e6a4c12", story.requester_id.clone()),
            ("01a5f2c8-7b40-7c3d-9e21-5b8d0e6a4c13", story.manager_id.clone()),
            ("https://bank.example", bank.url.clone()),
        ];
        let endpoints = functions::endpoints().into_iter();
        Self {
            endpoints: endpoints
                .map(|endpoint| (endpoint.operation.id.clone(), endpoint))
                .collect(),
            objects: objects(&story).await,
            known,
            sessions,
            _bank: bank,
        }
    }

    /// # Panics
    ///
    /// There is no sample of this function.
    pub fn event(&self, function: &str) -> Value {
        let mut text = fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
        for (name, value) in &self.known {
            text = text.replace(name, value);
        }
        let session = usize::from(function == "end_session");
        text = text.replace("REFRESH_TOKEN", &self.sessions[session]);
        let mut event: Value = serde_json::from_str(&text).unwrap();
        if let Some(endpoint) = self.endpoints.get(function) {
            let path = json!(format!("/api/v1{}", address(&endpoint.path, &self.objects)));
            event["requestContext"]["http"]["path"] = path.clone();
            event["rawPath"] = path;
        }
        event
    }
}
