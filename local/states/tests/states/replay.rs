//! What AWS recorded, once more: through the service, on the disk, with a host that answers as the world did.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use asl::simulate::World;
use asl::{Command, Event};
use serde_json::{Value, json};
use states::{Options, ServiceCall, TaskError};

use super::asl_tests::{self, histories};
use super::support::{Answer, Folder, Service, TestClock, TestHost, lambda};

/// Answers of the tasks that wait for a token, once the call was answered.
type Later = Mutex<Vec<Event>>;

#[derive(Default)]
struct Worlds {
    by_execution: Mutex<HashMap<String, Box<dyn World + Send>>>,
    later: Later,
    /// States of the case that call a function by its ARN.
    functions: Mutex<HashSet<String>>,
}

impl Worlds {
    fn answer(&self, call: &ServiceCall) -> Answer {
        let mut worlds = self.by_execution.lock().unwrap();
        let Some(world) = worlds.get_mut(&call.execution) else {
            return Err(TaskError::new("NotRecorded", call.execution.clone()));
        };
        // Of a function by its ARN the world knows the payload alone.
        let alone = self.functions.lock().unwrap().contains(&call.state);
        let arguments = if alone {
            call.arguments["Payload"].clone()
        } else {
            call.arguments.clone()
        };
        let task = Command::ScheduleTask {
            token: call.key.clone(),
            state: call.state.clone(),
            resource: String::new(),
            arguments,
            credentials: None,
            timeout_seconds: None,
            heartbeat_seconds: None,
        };
        let mut told = world.task(&task, &call.key).into_iter();
        let answer = match told.next() {
            Some(Event::TaskSucceeded { output, .. }) => Ok(if alone { lambda(output) } else { output }),
            Some(Event::TaskSubmitted { output, .. }) => Ok(output),
            Some(Event::TaskFailed { error, cause, .. }) => Err(TaskError {
                error: error.unwrap_or_default(),
                cause: cause.unwrap_or_default(),
            }),
            other => Err(TaskError::new("NotRecorded", format!("{other:?}"))),
        };
        self.later.lock().unwrap().extend(told);
        answer
    }
}

/// Why the service must differ from a recording.
fn differs(case: &Value) -> Option<&'static str> {
    let definition = case["definition"].to_string();
    let happened = |kind: &str| {
        let history = case["history"].as_array().unwrap();
        history.iter().any(|event| event["type"] == kind)
    };
    if definition.contains("states:startExecution") {
        return Some("the service starts the execution itself");
    }
    if definition.contains("ItemReader") {
        return Some("items are not read");
    }
    if case["distributed_map"] == true && case["has_task"] == true {
        return Some("what tasks of children answered was not recorded");
    }
    let recorded = case["aws_recorded"].as_str().unwrap_or_default();
    if recorded.contains("-10-2023") && definition.contains("\"$$\"") {
        return Some("recorded before executions knew how often they were redriven");
    }
    let waits = happened("TaskSubmitted");
    if happened("TaskTimedOut") && !waits || happened("LambdaFunctionTimedOut") {
        return Some("the host's own timeout");
    }
    None
}

/// The states that call a function by its ARN.
fn functions(definition: &Value, found: &mut HashSet<String>) {
    if let Some(states) = definition["States"].as_object() {
        for (name, state) in states {
            let resource = state["Resource"].as_str().unwrap_or_default();
            if resource.contains(":lambda:") && !resource.contains(":::") {
                found.insert(name.clone());
            }
        }
    }
    match definition {
        Value::Object(fields) => fields.values().for_each(|value| functions(value, found)),
        Value::Array(items) => items.iter().for_each(|value| functions(value, found)),
        _ => {}
    }
}

/// In the place of an ARN that the recording lost.
const ACTIVITY: &str = "arn:aws:states:us-east-1:111111111111:activity:worker";

async fn replay(service: &Service, worlds: &Worlds, number: usize, case: &Value) -> Vec<Value> {
    let name = format!("case-{number}");
    let history = case["history"].as_array().unwrap();
    let role = history
        .iter()
        .find_map(|event| event.pointer("/executionStartedEventDetails/roleArn")?.as_str());
    let definition = case["definition"].to_string().replace("activity_arn", ACTIVITY);
    let body = json!({ "name": name, "definition": definition, "roleArn": role.unwrap_or("role") });
    let created = service.call("CreateStateMachine", body).await;
    let machine = created["stateMachineArn"].as_str().unwrap().to_owned();
    let mut called = HashSet::new();
    functions(&case["definition"], &mut called);
    *worlds.functions.lock().unwrap() = called;
    let execution = machine.replace("stateMachine", "execution") + ":" + &name;
    let world: Box<dyn World + Send> = Box::new(asl::replay::world(case));
    worlds
        .by_execution
        .lock()
        .unwrap()
        .insert(execution.clone(), world);
    service.start(&machine, &name, case["input"].clone()).await;
    let aborted = history.iter().any(|event| event["type"] == "ExecutionAborted");
    let worker = history
        .iter()
        .find(|event| event["type"] == "ActivityStarted")
        .map(|event| &event["activityStartedEventDetails"]["workerName"]);
    if let Some(worker) = worker {
        take_activity(service, worker).await;
    }
    loop {
        let told: Vec<Event> = worlds.later.lock().unwrap().drain(..).collect();
        for event in &told {
            tell(service, event).await;
        }
        if service.status(&execution).await != "RUNNING" {
            break;
        }
        match service.states.next_due() {
            _ if aborted && told.is_empty() => {
                stop(service, &execution, case).await;
                break;
            }
            Some(due) => service.clock.advance_to(due),
            None if told.is_empty() => panic!("{name} waits for nothing"),
            None => {}
        }
    }
    let history = service.history(&execution).await;
    let history = Value::from(history).to_string().replace(ACTIVITY, "activity_arn");
    serde_json::from_str(&history).unwrap()
}

/// A worker takes the task, and never answers.
async fn take_activity(service: &Service, worker: &Value) {
    let created = service.call("CreateActivity", json!({ "name": "worker" })).await;
    let arn = &created["activityArn"];
    let body = json!({ "activityArn": arn, "workerName": worker });
    let task = service.call("GetActivityTask", body).await;
    assert!(task["taskToken"].is_string(), "{task}");
}

async fn tell(service: &Service, event: &Event) {
    match event {
        Event::TaskSucceeded { token, output } => service.succeed(token, output.clone()).await,
        Event::TaskFailed { token, error, cause } => {
            let body = json!({ "taskToken": token, "error": error, "cause": cause });
            service.call("SendTaskFailure", body).await;
        }
        // The service's own clock tells of it.
        Event::TaskTimedOut { .. } => {}
        other => panic!("{other:?}"),
    }
}

async fn stop(service: &Service, execution: &str, case: &Value) {
    let history = case["history"].as_array().unwrap();
    let aborted = history.iter().find(|event| event["type"] == "ExecutionAborted");
    let details = &aborted.unwrap_or(&Value::Null)["executionAbortedEventDetails"];
    let body = json!({ "executionArn": execution, "error": details["error"], "cause": details["cause"] });
    service.call("StopExecution", body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn corpora_histories_through_the_service() {
    let Some(corpora) = asl_tests::corpora() else {
        return;
    };
    let folder = Folder::new();
    let worlds = Arc::new(Worlds::default());
    let answering = Arc::clone(&worlds);
    let host = TestHost::new(move |call| answering.answer(call));
    let options = Options {
        account: "111111111111".to_owned(),
        ..Options::default()
    };
    let service = Service::open_at(&folder.database(), &host, TestClock::new(), options).await;
    let cases = asl_tests::json_files(&corpora.join("asl-histories/histories"));
    let mut matching = 0;
    let mut wrong = Vec::new();
    let mut left_out: HashMap<&str, usize> = HashMap::new();
    for (number, (file, case)) in cases.iter().enumerate() {
        if let Some(why) = differs(case) {
            *left_out.entry(why).or_default() += 1;
            continue;
        }
        let emitted = replay(&service, &worlds, number, case).await;
        match histories::compare(case, &emitted) {
            Ok(()) => matching += 1,
            Err(difference) => wrong.push(format!("{file}: {difference}")),
        }
    }
    let all = cases.len() - left_out.values().sum::<usize>();
    println!("service: {matching} of {all} histories match; left out: {left_out:?}");
    assert!(
        wrong.is_empty() || !asl_tests::is_default_corpus(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(matching > 270 || !asl_tests::is_default_corpus());
}
