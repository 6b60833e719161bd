//! State machines written by hand, for what functions and machines say to each other.

use std::time::{Duration, Instant};

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::TestApp;
use crate::deployment::patience;

/// A machine at the endpoint, and whom its executions are for.
#[derive(Debug)]
pub struct Machine<'a> {
    app: &'a TestApp,
    arn: String,
    /// Of the person who starts instances.
    pub starter: String,
}

/// A running execution of a made-up instance, which has no row: nobody but the functions knows of it.
#[derive(Debug)]
pub struct Execution<'a> {
    app: &'a TestApp,
    arn: String,
    pub instance: String,
}

impl<'a> Machine<'a> {
    /// `states` in JSONata, ending by themselves.
    pub async fn create(app: &'a TestApp, start_at: &str, states: Value) -> Self {
        let definition = json!({ "StartAt": start_at, "QueryLanguage": "JSONata", "States": states });
        let prefix = &app.platform.app.config.prefix;
        let created = app
            .platform
            .clients
            .sfn
            .create_state_machine()
            .name(format!("{prefix}by-hand-{}", Uuid::now_v7().simple()))
            .definition(definition.to_string())
            .role_arn("arn:aws:iam::000000000000:role/by-hand");
        let arn = created.send().await.unwrap().state_machine_arn;
        Self {
            app,
            arn,
            starter: "nobody".to_owned(),
        }
    }

    /// Starts an execution for a new instance.
    pub async fn start(&self) -> Execution<'a> {
        let ticket = Uuid::now_v7().to_string();
        let instance = format!("i-{ticket}");
        let input = json!({
            "tenant": "default", "instance": instance, "epoch": 1, "workflow": "by-hand", "version": 1,
            "ticket": ticket, "starter": self.starter,
        });
        let started = self.app.platform.clients.sfn.start_execution();
        let started = started.state_machine_arn(&self.arn).input(input.to_string());
        Execution {
            app: self.app,
            arn: started.send().await.unwrap().execution_arn,
            instance,
        }
    }
}

impl Execution<'_> {
    /// Its output, once it has one; of one that failed the error.
    pub async fn output(&self) -> Result<Value, String> {
        let until = Instant::now() + patience(20);
        loop {
            let found = self.app.platform.clients.sfn.describe_execution();
            let found = found.execution_arn(&self.arn).send().await.unwrap();
            match found.status() {
                ExecutionStatus::Running => {}
                ExecutionStatus::Succeeded => {
                    return Ok(serde_json::from_str(found.output().unwrap()).unwrap());
                }
                _ => return Err(found.error().unwrap_or_default().to_owned()),
            }
            assert!(Instant::now() < until, "{} does not end", self.arn);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A state that calls `function` and waits for its token; its output is what the token was answered with, under the
/// state's name beside what was there before.
pub fn place(app: &TestApp, function: &str, node: &str, extra: Value) -> Value {
    let mut payload = header();
    let own = json!({
        "node": node, "visit": 1, "seq": 2, "path": [{ "node": "start", "visit": 1, "seq": 1 }],
        "token": "{% $states.context.Task.Token %}", "state": { "visits": {}, "data": {} },
    });
    for members in [own, extra] {
        let members = members.as_object().cloned().unwrap_or_default();
        payload.as_object_mut().unwrap().extend(members);
    }
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": { "FunctionName": format!("{}{function}", app.platform.app.config.prefix), "Payload": payload },
        "Output": format!("{{% $merge([$states.input, {{\"{node}\": $states.result}}]) %}}"),
    })
}

/// A state with the one that follows; the last ends.
pub fn then(mut state: Value, next: Option<&str>) -> Value {
    match next {
        Some(next) => state["Next"] = json!(next),
        None => state["End"] = json!(true),
    }
    state
}

fn header() -> Value {
    let members = [
        "tenant", "instance", "epoch", "workflow", "version", "ticket", "starter",
    ];
    let told = members.map(|member| {
        (
            member.to_owned(),
            json!(format!("{{% $states.input.{member} %}}")),
        )
    });
    Value::Object(told.into_iter().collect())
}
