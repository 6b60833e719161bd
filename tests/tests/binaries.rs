//! Every function's binary, built and run as Lambda runs it, with the variables that the template gives it, and its sample
//! event.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use runtime::Endpoint;
use serde_json::{Value, json};
use tests::bank::Bank;
use tests::binary::invoke;
use tests::needs::{HANDLERS, lacks};
use tests::objects::{address, objects};
use tests::{ADMIN_PASSWORD, Story, TestApp};

const TABLE: &str = include_str!("binaries.txt");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "builds every binary: minutes"]
async fn every_binary_answers_its_sample_event() {
    if lacks(HANDLERS, "every_binary_answers_its_sample_event") {
        return;
    }
    let started = Instant::now();
    let binaries = build();
    println!("built in {:.1} s", started.elapsed().as_secs_f64());
    let template = Template::read();
    let names: BTreeSet<&str> = binaries.keys().map(String::as_str).collect();
    let of_template: BTreeSet<&str> = template.variables.keys().map(String::as_str).collect();
    assert_eq!(
        names, of_template,
        "the binaries, and the functions of the template"
    );
    let table = table();
    let told: BTreeSet<&str> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, told, "the binaries, and those that binaries.txt tells of");

    let app = TestApp::start_open().await;
    let samples = Samples::set_up(&app).await;
    let started = Instant::now();
    let mut wrong = Vec::new();
    for (name, expected) in &table {
        let variables = template.environment(name, &app.platform.gateway().environment);
        let answer = told_of(
            name,
            invoke(&binaries[*name], &variables, &samples.event(name)).await,
        );
        if answer != *expected {
            wrong.push(format!("{name}: {answer}"));
        }
    }
    println!(
        "{} answers in {:.1} s",
        table.len(),
        started.elapsed().as_secs_f64()
    );
    assert!(wrong.is_empty(), "not as told:\n{}", wrong.join("\n"));
}

/// Each function's binary, by name. Built with what the tests are built with, so that little has to be built anew.
fn build() -> BTreeMap<String, PathBuf> {
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
        .args([
            "build",
            "--workspace",
            "--bins",
            "--tests",
            "--message-format",
            "json",
        ])
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
            source.starts_with(root().join("functions"))
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names of the variables that the template gives to each function.
struct Template {
    variables: BTreeMap<String, BTreeSet<String>>,
}

impl Template {
    fn read() -> Self {
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
    fn environment(&self, function: &str, all: &BTreeMap<&str, String>) -> BTreeMap<String, String> {
        let given = &self.variables[function];
        all.iter()
            .filter(|(name, _)| given.contains(**name) || name.starts_with("AWS_"))
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }
}

/// `events/`, with what there is here in the places that they leave open.
struct Samples {
    endpoints: BTreeMap<String, Endpoint>,
    objects: Value,
    /// Each with what stands for it in the files.
    known: Vec<(&'static str, String)>,
    /// A refresh token is good for one use.
    sessions: Vec<String>,
    _bank: Bank,
}

impl Samples {
    async fn set_up(app: &TestApp) -> Self {
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

    fn event(&self, function: &str) -> Value {
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

/// The lines of the table: a function, and what its answer is in short.
fn table() -> Vec<(&'static str, &'static str)> {
    let lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line}")))
        .collect()
}

/// An answer in short.
fn told_of(name: &str, answer: Result<Value, Value>) -> String {
    match answer {
        Err(error) => format!("fails {}", error["errorType"].as_str().unwrap_or_default()),
        Ok(response) if response["statusCode"].is_u64() => {
            let body: Value = serde_json::from_str(response["body"].as_str().unwrap_or("null")).unwrap();
            let status = &response["statusCode"];
            match body["error"]["code"].as_str() {
                Some(code) => format!("{status} {code}"),
                None => status.to_string(),
            }
        }
        Ok(answer) => {
            assert!(!answer["body"].is_string(), "{name}: {answer}");
            answer.to_string()
        }
    }
}
