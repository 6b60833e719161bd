//! A service in a folder of its own, that can be closed and opened again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use asl::Timestamp;
use serde_json::{Value, json};
use states::{AwsError, BoxFuture, Clock, Host, Options, ServiceCall, StepFunctions, TaskError};
use tokio::sync::Notify;

/// Removed when the test ends.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("pflow-states-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("states.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Time that passes when the test says so.
#[derive(Debug)]
pub(crate) struct TestClock {
    now: AtomicI64,
    moved: Notify,
}

pub(crate) const START: i64 = 1_767_225_600_000;

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: AtomicI64::new(START),
            moved: Notify::new(),
        })
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    pub(crate) fn advance_to(&self, instant: Timestamp) {
        self.now.fetch_max(instant.milliseconds(), Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.now.load(Ordering::SeqCst))
    }

    fn sleep_until(&self, instant: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let mut moved = std::pin::pin!(self.moved.notified());
                moved.as_mut().enable();
                if self.now() >= instant {
                    return;
                }
                moved.await;
            }
        })
    }
}

pub(crate) type Answer = Result<Value, TaskError>;

/// Answers calls by a closure, and notes them and the events.
pub(crate) struct TestHost {
    answer: Box<dyn Fn(&ServiceCall) -> BoxFuture<'static, Answer> + Send + Sync>,
    pub(crate) calls: Mutex<Vec<ServiceCall>>,
    pub(crate) events: Mutex<Vec<Value>>,
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestHost")
    }
}

impl TestHost {
    pub(crate) fn new(answer: impl Fn(&ServiceCall) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(move |call| {
            let answer = answer(call);
            Box::pin(async move { answer })
        })
    }

    pub(crate) fn slow(
        answer: impl Fn(&ServiceCall) -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            calls: Mutex::default(),
            events: Mutex::default(),
        })
    }

    /// Functions that answer nothing, or open places.
    pub(crate) fn quiet() -> Arc<Self> {
        Self::new(|_| Ok(lambda(json!({}))))
    }

    pub(crate) fn calls(&self) -> Vec<ServiceCall> {
        self.calls.lock().unwrap().clone()
    }

    /// The token that the last call handed out.
    pub(crate) fn token(&self) -> String {
        let calls = self.calls();
        let payload = &calls.last().unwrap().arguments["Payload"];
        payload["token"].as_str().unwrap().to_owned()
    }

    /// Statuses that were told of.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .map(|event| event["detail"]["status"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Host for TestHost {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, Answer> {
        let answer = (self.answer)(&call);
        self.calls.lock().unwrap().push(call);
        answer
    }

    fn status_changed(&self, event: Value) -> BoxFuture<'_, Result<(), String>> {
        self.events.lock().unwrap().push(event);
        Box::pin(async { Ok(()) })
    }
}

/// What `lambda:invoke` gives.
pub(crate) fn lambda(payload: Value) -> Value {
    json!({ "ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200 })
}

pub(crate) struct Service {
    pub(crate) states: StepFunctions,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) host: Arc<TestHost>,
}

impl Service {
    pub(crate) async fn open(folder: &Folder, host: &Arc<TestHost>) -> Self {
        Self::open_at(&folder.database(), host, TestClock::new(), Options::default()).await
    }

    pub(crate) async fn open_at(
        database: &Path,
        host: &Arc<TestHost>,
        clock: Arc<TestClock>,
        options: Options,
    ) -> Self {
        let as_host: Arc<dyn Host> = Arc::clone(host) as _;
        let states = StepFunctions::open(database, as_host, Arc::clone(&clock) as _, options);
        Self {
            states: states.await.unwrap(),
            clock,
            host: Arc::clone(host),
        }
    }

    /// Closes it and opens it again, with the clock where it was.
    pub(crate) async fn reopen(self, folder: &Folder) -> Self {
        let Self { states, clock, host } = self;
        // Else what is under way would go on in both.
        states.settled().await;
        drop(states);
        Self::open_at(&folder.database(), &host, clock, Options::default()).await
    }

    pub(crate) async fn try_call(&self, operation: &str, body: Value) -> Result<Value, AwsError> {
        self.states.handle(operation, body).await
    }

    pub(crate) async fn call(&self, operation: &str, body: Value) -> Value {
        match self.try_call(operation, body).await {
            Ok(answer) => answer,
            Err(error) => panic!("{operation}: {error}"),
        }
    }

    pub(crate) async fn refused(&self, operation: &str, body: Value) -> (String, String) {
        let error = self.try_call(operation, body).await.unwrap_err();
        assert_eq!(error.status, 400, "{error}");
        (error.code, error.message)
    }

    pub(crate) async fn create(&self, name: &str, definition: Value) -> String {
        let body = json!({ "name": name, "definition": definition.to_string(), "roleArn": ROLE });
        let created = self.call("CreateStateMachine", body).await;
        created["stateMachineArn"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn start(&self, machine: &str, name: &str, input: Value) -> String {
        let body = json!({ "stateMachineArn": machine, "name": name, "input": input.to_string() });
        let started = self.call("StartExecution", body).await;
        self.states.settled().await;
        started["executionArn"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn describe(&self, execution: &str) -> Value {
        self.call("DescribeExecution", json!({ "executionArn": execution }))
            .await
    }

    pub(crate) async fn status(&self, execution: &str) -> String {
        self.states.settled().await;
        let described = self.describe(execution).await;
        described["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn output(&self, execution: &str) -> Value {
        let described = self.describe(execution).await;
        let output = described["output"].as_str();
        serde_json::from_str(output.unwrap_or_else(|| panic!("no output: {described}"))).unwrap()
    }

    pub(crate) async fn history(&self, execution: &str) -> Vec<Value> {
        let body = json!({ "executionArn": execution, "maxResults": 1000 });
        let history = self.call("GetExecutionHistory", body).await;
        history["events"].as_array().unwrap().clone()
    }

    pub(crate) async fn types(&self, execution: &str) -> Vec<String> {
        let history = self.history(execution).await;
        history
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn succeed(&self, token: &str, output: Value) {
        let body = json!({ "taskToken": token, "output": output.to_string() });
        self.call("SendTaskSuccess", body).await;
        self.states.settled().await;
    }

    /// Lets time pass, everything on the way happening in its turn.
    pub(crate) async fn pass(&self, seconds: i64) {
        let until = self
            .clock
            .now()
            .plus_seconds(f64::from(i32::try_from(seconds).unwrap()));
        loop {
            self.states.settled().await;
            match self.states.next_due().filter(|due| *due <= until) {
                Some(due) => self.clock.advance_to(due),
                None => break,
            }
        }
        self.clock.advance_to(until);
        self.states.settled().await;
    }
}

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/states";

/// A machine with one task that waits for its token, then a choice, then an end.
pub(crate) fn approval() -> Value {
    json!({
        "StartAt": "Ask", "QueryLanguage": "JSONata",
        "States": {
            "Ask": place("Decide"),
            "Decide": { "Type": "Choice", "Default": "Rejected", "Choices": [
                { "Condition": "{% $states.input.outcome = 'approve' %}", "Next": "Approved" },
            ]},
            "Approved": { "Type": "Pass", "Output": { "status": "approved" }, "End": true },
            "Rejected": { "Type": "Fail", "Error": "Rejected", "Cause": "by a person" },
        }
    })
}

pub(crate) fn place(next: &str) -> Value {
    json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 3600,
        "Arguments": { "FunctionName": "open_task", "Payload": {
            "token": "{% $states.context.Task.Token %}", "input": "{% $states.input %}" } },
        "Next": next,
    })
}
