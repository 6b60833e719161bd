//! What the service costs, on the disk: `cargo run --release -p states --example bench`, with the folder as argument.
//!
//! An execution is an approval: start, a task that waits for its token, a choice, an end. CPU is that of the process, user
//! and system, by the kernel's accounting; the client is in the same process and counted as well.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a program that prints figures or stops"
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use asl::Timestamp;
use serde_json::{Value, json};
use states::{BoxFuture, Host, Options, ServiceCall, Status, StepFunctions, SystemClock, TaskError};

/// Open executions at a time while rates are measured.
const AT_ONCE: usize = 64;
const EXECUTIONS: usize = 10_000;
const WAITING: usize = 100_000;
/// Answers that are given one at a time.
const ONE_BY_ONE: usize = 1_000;

/// Remembers the tokens that it was shown.
#[derive(Debug, Default)]
struct Desk(Mutex<Vec<String>>);

impl Host for Desk {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, Result<Value, TaskError>> {
        let token = call.arguments.pointer("/Payload/token").and_then(Value::as_str);
        if let (Some(token), Ok(mut tokens)) = (token, self.0.lock()) {
            tokens.push(token.to_owned());
        }
        Box::pin(async { Ok(json!({ "ExecutedVersion": "$LATEST", "Payload": {}, "StatusCode": 200 })) })
    }

    fn status_changed(&self, event: Value) -> BoxFuture<'_, Result<(), String>> {
        std::hint::black_box(event);
        Box::pin(async { Ok(()) })
    }

    fn listens_to(&self, status: Status) -> bool {
        status != Status::Running
    }
}

impl Desk {
    fn take(&self) -> Vec<String> {
        self.0
            .lock()
            .map(|mut tokens| std::mem::take(&mut *tokens))
            .unwrap_or_default()
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_milliseconds(i64::try_from(since.as_millis()).unwrap_or(0))
}

async fn open(database: &Path, desk: &Arc<Desk>) -> Arc<StepFunctions> {
    let host: Arc<dyn Host> = Arc::clone(desk) as _;
    let clock = Arc::new(SystemClock::new(now));
    let opened = StepFunctions::open(database, host, clock, Options::default()).await;
    Arc::new(opened.expect("the folder can be written"))
}

fn definition() -> String {
    let payload: serde_json::Map<String, Value> =
        ["tenant", "instance", "epoch", "workflow", "version", "starter"]
            .iter()
            .map(|name| ((*name).to_owned(), format!("{{% $states.input.{name} %}}").into()))
            .chain([("token".to_owned(), "{% $states.context.Task.Token %}".into())])
            .collect();
    json!({
        "StartAt": "manager", "QueryLanguage": "JSONata",
        "States": {
            "manager": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "TimeoutSeconds": 31_449_600, "Arguments": { "FunctionName": "open_task", "Payload": payload },
                "Output": "{% $merge([$states.input, {\"outcome\": $states.result.outcome}]) %}", "Next": "size" },
            "size": { "Type": "Choice", "Default": "rejected", "Choices": [
                { "Condition": "{% $states.input.outcome = \"approve\" and ($states.input.data.(amount > 5)) = true %}",
                  "Next": "approved" } ] },
            "approved": { "Type": "Pass", "End": true },
            "rejected": { "Type": "Pass", "End": true },
        }
    })
    .to_string()
}

fn input(number: usize) -> String {
    json!({ "tenant": "default", "instance": format!("i-{number}"), "epoch": 1, "workflow": "expense", "version": 3,
        "ticket": "0192f0c1-2233-7000-8000-0123456789ab", "starter": "0192f0c1-2233-7000-8000-0123456789ac",
        "data": { "amount": 7, "department": "R&D" }, "path": [], "seq": 0 })
    .to_string()
}

async fn create(states: &StepFunctions) -> String {
    let body = json!({ "name": "approval", "definition": definition(), "roleArn": "arn:aws:iam::000000000000:role/r" });
    let created = states
        .handle("CreateStateMachine", body)
        .await
        .expect("it is valid");
    created
        .get("stateMachineArn")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

async fn start(states: &StepFunctions, machine: &str, number: usize) {
    let body = json!({ "stateMachineArn": machine, "name": format!("i-{number}-1"), "input": input(number) });
    states.handle("StartExecution", body).await.expect("it starts");
}

async fn answer(states: &StepFunctions, token: String) {
    let body = json!({ "taskToken": token, "output": "{\"outcome\":\"approve\",\"data\":{}}" });
    states.handle("SendTaskSuccess", body).await.expect("it waits");
}

/// Runs `work` for all numbers, so many at a time.
async fn all<F, W>(numbers: std::ops::Range<usize>, work: W)
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(usize) -> F,
{
    let mut running = tokio::task::JoinSet::new();
    for number in numbers {
        if running.len() >= AT_ONCE {
            running.join_next().await;
        }
        running.spawn(work(number));
    }
    while running.join_next().await.is_some() {}
}

/// CPU of this process so far, in clock ticks of 10 milliseconds.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Resident memory in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn report(what: &str, count: usize, elapsed: Duration, cpu: Duration) {
    println!(
        "{what:<52} {:>8.0} /s {:>8.3} ms CPU each",
        count as f64 / elapsed.as_secs_f64(),
        cpu.as_secs_f64() * 1000.0 / count as f64
    );
}

/// One after another, from start to end, many at a time.
async fn throughput(folder: &Path) {
    let desk = Arc::new(Desk::default());
    let states = open(&folder.join("throughput.db"), &desk).await;
    let machine = create(&states).await;
    let (begun, used) = (Instant::now(), cpu());
    let starting = |number| {
        let (states, machine) = (Arc::clone(&states), machine.clone());
        async move { start(&states, &machine, number).await }
    };
    all(0..EXECUTIONS, starting).await;
    states.settled().await;
    report(
        "start, until the task was asked for",
        EXECUTIONS,
        begun.elapsed(),
        cpu() - used,
    );
    let (answering, used_before) = (Instant::now(), cpu());
    let tokens = Arc::new(desk.take());
    let answering_one = |number: usize| {
        let (states, token) = (
            Arc::clone(&states),
            tokens.get(number).cloned().unwrap_or_default(),
        );
        async move { answer(&states, token).await }
    };
    all(0..EXECUTIONS, answering_one).await;
    states.settled().await;
    report(
        "answer, until its end was told",
        EXECUTIONS,
        answering.elapsed(),
        cpu() - used_before,
    );
    report("whole executions", EXECUTIONS, begun.elapsed(), cpu() - used);
}

/// Answers, one at a time: the median of the time that one takes, and the CPU of each.
async fn one_by_one(what: &str, states: &StepFunctions, tokens: &[String]) {
    let mut times = Vec::with_capacity(tokens.len());
    let used = cpu();
    for token in tokens {
        let begun = Instant::now();
        answer(states, token.clone()).await;
        times.push(begun.elapsed());
    }
    states.settled().await;
    let used = cpu() - used;
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "figures to read")]
    let each = used.as_secs_f64() * 1000.0 / times.len().max(1) as f64;
    println!("an answer {what:<42} {median:>12.3?} median {each:>8.3} ms CPU each");
}

async fn waiting(folder: &Path) {
    let database = folder.join("waiting.db");
    let desk = Arc::new(Desk::default());
    let states = open(&database, &desk).await;
    let machine = create(&states).await;
    let starting = |number| {
        let (states, machine) = (Arc::clone(&states), machine.clone());
        async move { start(&states, &machine, number).await }
    };
    all(0..ONE_BY_ONE + 100, starting).await;
    states.settled().await;
    let tokens = desk.take();
    one_by_one(
        "with 100 waiting",
        &states,
        tokens.get(..ONE_BY_ONE).unwrap_or_default(),
    )
    .await;
    let before = resident();
    all(ONE_BY_ONE + 100..ONE_BY_ONE + 100 + WAITING, starting).await;
    states.settled().await;
    let tokens = desk.take();
    println!(
        "{WAITING} waiting: {} MiB resident, {before} MiB before; the client's tokens are in it",
        resident()
    );
    one_by_one(
        &format!("with {WAITING} waiting"),
        &states,
        tokens.get(..ONE_BY_ONE).unwrap_or_default(),
    )
    .await;
    drop(states);
    let begun = Instant::now();
    let states = open(&database, &desk).await;
    println!("opened again with {WAITING} waiting in {:.3?}", begun.elapsed());
    one_by_one(
        "after that",
        &states,
        tokens.get(ONE_BY_ONE..2 * ONE_BY_ONE).unwrap_or_default(),
    )
    .await;
}

fn main() {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder
        .unwrap_or_else(std::env::temp_dir)
        .join("pflow-states-bench");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be written");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("threads can be started");
    runtime.block_on(async {
        throughput(&folder).await;
        // For profilers, which want one thing at a time.
        if std::env::args().nth(2).as_deref() != Some("throughput") {
            waiting(&folder).await;
        }
    });
    let _ = std::fs::remove_dir_all(&folder);
}
