//! The system's clock jumps, forward and back, while things are waited for: all of them happen, soon, and once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws::{AwsError, BoxFuture, Home, Service};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use runtime::clock::Steady;
use serde_json::{Value, json};
use states::{Host, ServiceCall, StepFunctions, SystemClock, TaskError};

/// The longest that anything here waits for, in seconds.
const LONGEST: u64 = 3;
/// Twice as long where the clock was put back, and then until somebody looks.
const IN_TIME: Duration = Duration::from_secs(2 * LONGEST + 5 + 10);
const OF_EACH: usize = 6;
const BEGIN: i64 = 1_767_225_600_000;

/// A system clock that is set now and then, and what the home makes of it.
struct Time {
    begun: Instant,
    /// Milliseconds by which it was set.
    set_by: AtomicI64,
    steady: Mutex<Steady>,
}

impl Time {
    fn new() -> Self {
        let begin = Timestamp::from_millisecond(BEGIN).unwrap();
        Self {
            begun: Instant::now(),
            set_by: AtomicI64::new(0),
            steady: Mutex::new(Steady::new(begin, Duration::ZERO)),
        }
    }

    fn now(&self) -> i64 {
        let running = self.begun.elapsed();
        let set_by = self.set_by.load(Ordering::Relaxed);
        let system = BEGIN + set_by + i64::try_from(running.as_millis()).unwrap();
        let system = Timestamp::from_millisecond(system).unwrap();
        self.steady.lock().unwrap().read(system, running).as_millisecond()
    }
}

/// The executions here only wait.
struct Nobody;

impl Host for Nobody {
    fn call(&self, _: ServiceCall) -> BoxFuture<'_, Result<Value, TaskError>> {
        Box::pin(async { Err(TaskError::new("Nobody", "")) })
    }

    fn status_changed(&self, _: Value) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

struct States(StepFunctions);

impl Service for States {
    fn handle<'a>(&'a self, operation: &'a str, body: Value) -> BoxFuture<'a, Result<Value, AwsError>> {
        Box::pin(async move {
            let answer = self.0.handle(operation, body).await;
            answer.map_err(|error| AwsError::sender(error.code, error.message))
        })
    }
}

struct Stage {
    home: Home,
    time: Arc<Time>,
    folder: PathBuf,
}

impl Stage {
    async fn set() -> Self {
        let folder = std::env::temp_dir().join(format!("pflow-time-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let time = Arc::new(Time::new());
        let clock = Arc::clone(&time);
        let home = Home::open(aws::Options {
            folder: folder.clone(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            base_url: "http://127.0.0.1:4566".to_owned(),
            credentials: ("test".to_owned(), "test".to_owned()),
            must_be_signed: false,
            clock: aws::Clock::new(move || clock.now()),
        });
        let home = home.unwrap();
        let clock = Arc::clone(&time);
        let clock = SystemClock::new(move || asl::Timestamp::from_milliseconds(clock.now()));
        let database = folder.join("states.db");
        let states = StepFunctions::open(
            &database,
            Arc::new(Nobody),
            Arc::new(clock),
            states::Options::default(),
        );
        home.set_states(Arc::new(States(states.await.unwrap())));
        Self { home, time, folder }
    }

    async fn call(&self, service: &str, action: &str, body: Value) -> Value {
        self.home.call(service, action, body).await.unwrap()
    }

    async fn queue(&self, name: &str) {
        self.call("sqs", "CreateQueue", json!({ "QueueName": name }))
            .await;
    }

    async fn send(&self, queue: &str, n: usize, delay: u64) {
        let body = json!({ "QueueUrl": queue, "MessageBody": n.to_string(), "DelaySeconds": delay });
        self.call("sqs", "SendMessage", body).await;
    }

    /// What can be received, with how often it was.
    async fn receive(&self, queue: &str, hidden_for: u64) -> Vec<(String, String)> {
        let body = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": hidden_for, "AttributeNames": ["All"],
        });
        let received = self.call("sqs", "ReceiveMessage", body).await;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let told = |m: &Value| {
            (
                text(&m["Body"]),
                text(&m["Attributes"]["ApproximateReceiveCount"]),
            )
        };
        messages.iter().map(told).collect()
    }

    async fn schedule(&self, n: usize, seconds: u64) {
        let at = self.time.now() / 1000 + i64::try_from(seconds).unwrap();
        let at = Timestamp::from_second(at).unwrap().to_string();
        let body = json!({
            "ScheduleExpression": format!("at({})", at.trim_end_matches('Z')),
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "Target": {
                "Arn": "arn:aws:sqs:us-east-1:000000000000:scheduled", "RoleArn": "arn:aws:iam::000000000000:role/r",
                "Input": n.to_string(),
            },
        });
        let request = hyper::Request::post(format!("/schedules/s{n}")).header("authorization", "test");
        let request = request.body(body.to_string().into()).unwrap();
        assert_eq!(self.home.answer(request).await.status(), 200);
    }

    async fn execution(&self, n: usize, seconds: u64) {
        let machine = format!("arn:aws:states:us-east-1:000000000000:stateMachine:wait-{seconds}");
        let body = json!({ "stateMachineArn": machine, "name": n.to_string() });
        self.call("sfn", "StartExecution", body).await;
    }

    async fn ended(&self) -> usize {
        let mut ended = 0;
        for seconds in 1..=LONGEST {
            let machine = format!("arn:aws:states:us-east-1:000000000000:stateMachine:wait-{seconds}");
            let body = json!({ "stateMachineArn": machine, "statusFilter": "SUCCEEDED" });
            ended += self.call("sfn", "ListExecutions", body).await["executions"]
                .as_array()
                .unwrap()
                .len();
        }
        ended
    }
}

/// After so many milliseconds the clock is set by so many.
type Jump = (u64, i64);

fn jumps() -> impl Strategy<Value = Vec<Jump>> {
    let hour = 3_600_000i64;
    let jump = prop_oneof![2 => -hour..hour, 1 => -5_000..5_000i64, 1 => Just(-hour)];
    prop::collection::vec((0..300u64, jump), OF_EACH..=OF_EACH)
}

async fn play(jumps: Vec<Jump>) {
    let stage = Stage::set().await;
    let home = stage.home.clone();
    let running = tokio::spawn(async move { home.run().await });
    for queue in ["delayed", "scheduled", "hidden"] {
        stage.queue(queue).await;
    }
    for seconds in 1..=LONGEST {
        let definition =
            json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": seconds, "End": true } } });
        let body = json!({
            "name": format!("wait-{seconds}"), "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::000000000000:role/r",
        });
        stage.call("sfn", "CreateStateMachine", body).await;
    }
    for (n, (pause, jump)) in jumps.iter().enumerate() {
        let seconds = u64::try_from(n).unwrap() % LONGEST + 1;
        stage.send("delayed", n, seconds).await;
        stage.send("hidden", n, 0).await;
        stage.receive("hidden", seconds).await;
        stage.schedule(n, seconds).await;
        stage.execution(n, seconds).await;
        tokio::time::sleep(Duration::from_millis(*pause)).await;
        stage.time.set_by.fetch_add(*jump, Ordering::Relaxed);
    }
    let begun = Instant::now();
    let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
    loop {
        // Hidden for longer than any jump.
        for queue in ["delayed", "scheduled"] {
            for (body, count) in stage.receive(queue, 40_000).await {
                assert_eq!(count, "1", "{queue} {body}");
                *seen.entry((queue, body)).or_default() += 1;
            }
        }
        for (body, _) in stage.receive("hidden", 40_000).await {
            *seen.entry(("hidden", body)).or_default() += 1;
        }
        if seen.len() == 3 * OF_EACH && stage.ended().await == OF_EACH {
            break;
        }
        assert!(
            begun.elapsed() < IN_TIME,
            "{:?} {} {jumps:?}",
            seen,
            stage.ended().await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for queue in ["delayed", "scheduled", "hidden"] {
        assert_eq!(stage.receive(queue, 40_000).await, [], "{queue}: twice");
    }
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    running.abort();
    let _ = running.await;
    let folder = stage.folder.clone();
    drop(stage);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn everything_that_is_waited_for_happens_once_whatever_the_clock_does() {
    // Each takes as long as its longest time.
    let mut runner = TestRunner::new(Config {
        cases: 3,
        max_shrink_iters: 4,
        ..Config::default()
    });
    runner
        .run(&jumps(), |jumps| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(play(jumps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_jump_of_an_hour_back_is_not_waited_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(play(vec![(100, -3_600_000); OF_EACH]));
    assert!(SignedDuration::from_hours(i64::try_from(OF_EACH).unwrap()) < runtime::clock::LONGEST_WAY_BACK);
}
