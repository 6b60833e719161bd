//! A function's binary, run as Lambda runs it: it asks the Runtime API for an event, and gives its answer there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::iter::RepeatN;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws::Server;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// For a function to start and to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where an answer may be as large as that of a request.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;
const VERSION: &str = "/2018-06-01/runtime";

/// What the function answers to one event; of one that fails its error.
///
/// # Panics
///
/// It does not come to an answer.
pub async fn invoke(
    program: &Path,
    environment: &BTreeMap<String, String>,
    event: &Value,
) -> Result<Value, Value> {
    let mut api = RuntimeApi::open(event, 1).await;
    let mut running = Running::start(Command::new(program), environment, &api.address);
    running.waits_for(api.answers.recv()).await
}

/// Hands out one event, once or again and again, and takes the answers to it.
#[derive(Debug)]
pub struct RuntimeApi {
    pub address: String,
    pub answers: mpsc::UnboundedReceiver<Result<Value, Value>>,
    /// It answers until this is dropped.
    _stop: watch::Sender<bool>,
}

impl RuntimeApi {
    /// # Panics
    ///
    /// No port is free.
    pub async fn open(event: &Value, times: usize) -> Self {
        let server = Server::bind((std::net::Ipv4Addr::LOCALHOST, 0).into())
            .await
            .unwrap();
        let address = server.address().unwrap().to_string();
        let (sender, answers) = mpsc::unbounded_channel();
        let stop = watch::Sender::new(false);
        let events = Arc::new(Mutex::new(std::iter::repeat_n(event.to_string(), times)));
        let answer = move |request| api(request, Arc::clone(&events), sender.clone());
        tokio::spawn(server.serve(answer, stop.subscribe()));
        Self {
            address,
            answers,
            _stop: stop,
        }
    }
}

type Events = Arc<Mutex<RepeatN<String>>>;

async fn api(
    request: Request<Incoming>,
    events: Events,
    answers: mpsc::UnboundedSender<Result<Value, Value>>,
) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix(VERSION).expect("it is the API of this version");
    if path == "/invocation/next" {
        let next = events.lock().unwrap().next();
        return match next {
            Some(event) => next_event(event),
            // No other comes.
            None => std::future::pending().await,
        };
    }
    let body = aws::read(request, LARGEST_ANSWER).await.unwrap().into_body();
    let body = serde_json::from_slice(&body).unwrap_or_else(|error| json!({ "notJson": error.to_string() }));
    let is_answer = path.ends_with("/response");
    // Nobody waits for a second answer.
    let _ = answers.send(if is_answer { Ok(body) } else { Err(body) });
    let mut taken = Response::new(Full::default());
    *taken.status_mut() = StatusCode::ACCEPTED;
    taken
}

fn next_event(event: String) -> Response<Full<Bytes>> {
    let deadline = runtime::clock::now() + jiff::SignedDuration::from_secs(30);
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", Uuid::now_v7().to_string())
        .header("lambda-runtime-deadline-ms", deadline.as_millisecond())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:it",
        )
        .body(Full::from(event))
        .unwrap()
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Until it is taken.
    child: Option<Child>,
    log: PathBuf,
}

impl Running {
    /// With these variables alone, beside those that Lambda sets.
    ///
    /// # Panics
    ///
    /// There is no such program.
    pub fn start(mut command: Command, environment: &BTreeMap<String, String>, api: &str) -> Self {
        let log = std::env::temp_dir().join(format!("pflow-function-{}.log", Uuid::now_v7()));
        let output = File::create(&log).unwrap();
        let child = command
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "it")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let child = Some(child);
        Self { child, log }
    }

    /// # Panics
    ///
    /// It was taken.
    pub fn child(&mut self) -> &mut Child {
        self.child.as_mut().unwrap()
    }

    /// The process, which whoever takes it has to end.
    ///
    /// # Panics
    ///
    /// It was taken.
    pub fn take(&mut self) -> Child {
        self.child.take().unwrap()
    }

    /// What comes of the process's doing.
    ///
    /// # Panics
    ///
    /// It ends before, or does not come to it.
    pub async fn waits_for<T>(&mut self, outcome: impl Future<Output = Option<T>>) -> T {
        let mut outcome = pin!(outcome);
        let started = Instant::now();
        loop {
            match tokio::time::timeout(Duration::from_millis(50), &mut outcome).await {
                Ok(outcome) => return outcome.unwrap(),
                Err(_) if self.child().try_wait().unwrap().is_none() && started.elapsed() < PATIENCE => {}
                Err(_) => unreachable!("a function gives no answer: {}", self.log()),
            }
        }
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_file(&self.log);
    }
}
