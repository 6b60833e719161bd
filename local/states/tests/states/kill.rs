//! A process under load is killed, again and again; what it said is held against what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use asl::Timestamp;
use serde_json::{Value, json};
use states::{BoxFuture, Host, Options, ServiceCall, StepFunctions, SystemClock, TaskError};
use tokio::sync::mpsc;

use super::support::{Folder, ROLE, Service, TestClock, TestHost, lambda, place};

const CHILD: &str = "PFLOW_STATES_KILLED";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
/// Run as a process of its own, it works until it is killed.
const WORKER: &str = "kill::a_worker";

#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own, with the real time"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_milliseconds(i64::try_from(since.as_millis()).unwrap())
}

/// One line, at once.
fn say(line: &str) {
    std::io::stdout()
        .write_all(format!("\n{line}\n").as_bytes())
        .unwrap();
}

/// Writes effects down in a file that survives: key, state, execution.
struct Outside {
    file: PathBuf,
    places: mpsc::UnboundedSender<String>,
}

impl Host for Outside {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, Result<Value, TaskError>> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.file)
            .unwrap();
        let line = format!("{} {} {}\n", call.key, call.state, call.execution);
        file.write_all(line.as_bytes()).unwrap();
        if call.state == "Ask" {
            let _ = self.places.send(call.key);
        }
        Box::pin(async { Ok(lambda(json!({}))) })
    }

    fn status_changed(&self, event: Value) -> BoxFuture<'_, Result<(), String>> {
        if event["detail"]["status"] != "RUNNING" {
            say(&format!("told {}", event["detail"]["name"].as_str().unwrap()));
        }
        Box::pin(async { Ok(()) })
    }
}

fn definition() -> Value {
    let mut ask = place("Pay");
    ask["Output"] = "{% $states.result %}".into();
    json!({ "StartAt": "Ask", "QueryLanguage": "JSONata", "States": {
        "Ask": ask,
        "Pay": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Rest",
            "Arguments": { "FunctionName": "pay" }, "Output": "{% $states.input %}" },
        "Rest": { "Type": "Wait", "Seconds": 1, "End": true } } })
}

/// Starts and answers until it is killed, and says what was acknowledged.
async fn work(folder: PathBuf) {
    let (places, mut opened) = mpsc::unbounded_channel();
    let file = folder.join("effects");
    for line in std::fs::read_to_string(&file).unwrap_or_default().lines() {
        if line.split(' ').nth(1) == Some("Ask") {
            places.send(line.split(' ').next().unwrap().to_owned()).unwrap();
        }
    }
    let host: Arc<dyn Host> = Arc::new(Outside { file, places });
    let clock = Arc::new(SystemClock::new(now));
    let database = folder.join("states.db");
    let states = StepFunctions::open(&database, host, clock, Options::default());
    let states = Arc::new(states.await.unwrap());
    let create = json!({ "name": "m", "definition": definition().to_string(), "roleArn": ROLE });
    states.handle("CreateStateMachine", create).await.unwrap();
    let answering = Arc::clone(&states);
    tokio::spawn(async move {
        while let Some(token) = opened.recv().await {
            let body = json!({ "taskToken": token, "output": format!("{token:?}") });
            if answering.handle("SendTaskSuccess", body).await.is_ok() {
                say(&format!("answered {token}"));
            }
        }
    });
    for _ in 0..4 {
        let states = Arc::clone(&states);
        tokio::spawn(async move {
            loop {
                let name = uuid::Uuid::now_v7().to_string();
                let body = json!({ "stateMachineArn": MACHINE, "name": name });
                states.handle("StartExecution", body).await.unwrap();
                say(&format!("started {name}"));
            }
        });
    }
    std::future::pending().await
}

/// What was acknowledged, by kind.
type Said = BTreeMap<String, BTreeSet<String>>;

/// Runs the process until it has said so many lines.
fn run_and_kill(folder: &Path, lines: usize, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", WORKER, "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        let Some((kind @ ("started" | "answered" | "told"), what)) = line.split_once(' ') else {
            continue;
        };
        said.entry(kind.to_owned()).or_default().insert(what.to_owned());
        count += 1;
        if count == lines {
            child.kill().unwrap();
        }
    }
    assert!(
        !child.wait().unwrap().success() && count >= lines,
        "it ended by itself"
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "is told its folder here")]
fn a_worker() {
    if let Ok(folder) = std::env::var(CHILD) {
        runtime().block_on(work(folder.into()));
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kills() {
    kill_and_audit(10);
}

#[test]
#[ignore = "takes minutes"]
fn nothing_acknowledged_is_lost_by_a_hundred_kills() {
    kill_and_audit(100);
}

fn kill_and_audit(kills: usize) {
    let folder = Folder::new();
    let mut said = Said::new();
    for kill in 0..kills {
        run_and_kill(folder.path(), 90 + 23 * (kill % 10), &mut said);
    }
    runtime().block_on(audit(&folder, &said));
}

/// Opens what was left, lets everything end, and looks at all of it.
async fn audit(folder: &Folder, said: &Said) {
    let effects = std::fs::read_to_string(folder.path().join("effects")).unwrap();
    let host = TestHost::quiet();
    let clock = TestClock::new();
    clock.advance_to(now());
    let service = Service::open_at(&folder.database(), &host, clock, Options::default()).await;
    service.states.settled().await;
    let mut by_execution: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for line in effects.lines() {
        let parts: Vec<&str> = line.split(' ').collect();
        by_execution
            .entry(parts[2])
            .or_default()
            .insert((parts[1], parts[0]));
    }
    // Places that were open when the last process was killed.
    for (state, token) in by_execution.values().flatten() {
        if *state == "Ask" {
            let body = json!({ "taskToken": token, "output": "\"late\"" });
            let _ = service.try_call("SendTaskSuccess", body).await;
        }
    }
    for call in host.calls().iter().filter(|call| call.state == "Ask") {
        let body = json!({ "taskToken": call.key, "output": "\"late\"" });
        let _ = service.try_call("SendTaskSuccess", body).await;
    }
    service.pass(10).await;
    let started = &said["started"];
    assert!(
        started.len() > 300 && said["answered"].len() > 100,
        "{} {}",
        started.len(),
        said["answered"].len()
    );
    for name in started {
        let execution = MACHINE.replace("stateMachine", "execution") + ":" + name;
        let output = service.output(&execution).await;
        let types = service.types(&execution).await;
        for once in ["TaskSubmitted", "ExecutionSucceeded", "WaitStateExited"] {
            assert_eq!(
                types.iter().filter(|kind| *kind == once).count(),
                1,
                "{name} {types:?}"
            );
        }
        // Each state has one key, however often it was called.
        let effects = by_execution.get(execution.as_str()).cloned().unwrap_or_default();
        for state in ["Ask", "Pay"] {
            assert!(
                effects.iter().filter(|(other, _)| *other == state).count() <= 1,
                "{effects:?}"
            );
        }
        let token = effects
            .iter()
            .find(|(state, _)| *state == "Ask")
            .map(|(_, token)| *token);
        if let Some(token) = token.filter(|token| said["answered"].contains(*token)) {
            assert_eq!(output, token, "what was acknowledged is another answer");
        }
    }
    let told: BTreeSet<String> = {
        let events = host.events.lock().unwrap();
        let names = events
            .iter()
            .map(|event| event["detail"]["name"].as_str().unwrap().to_owned());
        names
            .chain(said.get("told").cloned().unwrap_or_default())
            .collect()
    };
    assert!(started.iter().all(|name| told.contains(name)));
}
