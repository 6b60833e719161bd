//! Tasks: of people, through a token; of functions, by their answer.

use asl::types::{Jitter, Retrier, State, Task};
use serde_json::{Map, Value, json};

use super::expression::{self, Entered, Position};
use super::{Lowering, PREFIX, Stop, Todo, input, run, todo};
use crate::catalog::function_name;
use crate::node::{Retry, Service, ServiceTask};
use crate::workflow::{Exit, Kind, NodeIndex};

/// A day less than the year that an execution may live: the task gives up before the machine does.
const TOKEN_SECONDS: u64 = 364 * 24 * 60 * 60;
/// How long a service may take to answer.
const SERVICE_SECONDS: u64 = 60;

/// Lambda's own hiccups, before or after the function ran.
const TRANSIENT: [&str; 4] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];

impl Lowering<'_> {
    pub(super) fn task(&self, index: NodeIndex) -> (State, Vec<Todo>) {
        let node = self.workflow.node(index);
        let itself = Entered {
            id: &node.id,
            repeats: node.repeats,
        };
        let position = self.position(Stop::Task(index));
        let mut state = match &node.kind {
            Kind::Service(task) => service(task, payload(&position, &itself)),
            _ => human(payload(&position, &itself)),
        };
        state.comment = self.comment(index);
        // `& ""`: an answer without an outcome must not fall back to the outcome of the task before.
        let answer: &[(&str, &str)] = match node.kind {
            Kind::Service(_) => &[(
                "data",
                "$merge([$states.input.data, $states.result.Payload.data])",
            )],
            _ => &[
                ("outcome", r#"$states.result.outcome & """#),
                ("data", "$merge([$states.input.data, $states.result.data])"),
            ],
        };
        let mut status = None;
        let mut passed = Vec::new();
        let next = match &node.exit {
            Exit::Always(to) => {
                let (nodes, stop) = run(self.workflow, *to);
                passed = nodes;
                status = self.status(stop);
                (!matches!(stop, Stop::End(_))).then(|| todo(stop))
            }
            _ => Some(Todo::Outcomes(index)),
        };
        let passed = self.entered(&passed);
        state.output = Some(expression::after_task(
            &position, &itself, answer, &passed, status,
        ));
        state.next = next.map(|next| self.name(next));
        state.end = next.is_none();
        (state.into(), next.into_iter().collect())
    }
}

/// What every function is told.
fn payload(position: &Position<'_>, node: &Entered<'_>) -> Map<String, Value> {
    let known = [
        "tenant", "instance", "epoch", "workflow", "version", "ticket", "starter",
    ];
    let mut payload: Map<String, Value> = known
        .iter()
        .map(|name| ((*name).to_owned(), input(name)))
        .collect();
    let visit = if node.repeats {
        json!(format!("{{% {} %}}", expression::visit(node)))
    } else {
        json!(1)
    };
    let seq = match expression::seq(position, 1).parse::<u64>() {
        Ok(literal) => json!(literal),
        Err(_) => json!(format!("{{% {} %}}", expression::seq(position, 1))),
    };
    payload.insert("node".to_owned(), json!(node.id));
    payload.insert("visit".to_owned(), visit);
    payload.insert("seq".to_owned(), seq);
    payload.insert("path".to_owned(), expression::path_value(position));
    payload
}

fn human(mut payload: Map<String, Value>) -> Task {
    payload.insert("token".to_owned(), json!("{% $states.context.Task.Token %}"));
    Task {
        arguments: Some(json!({"FunctionName": format!("{PREFIX}open_task"), "Payload": payload})),
        timeout_seconds: Some(TOKEN_SECONDS.into()),
        // Opening again is harmless: the task's key is instance, node and visit.
        retry: vec![transient(&["Retryable"])],
        ..Task::new("arn:aws:states:::lambda:invoke.waitForTaskToken")
    }
}

fn service(task: &ServiceTask, mut payload: Map<String, Value>) -> Task {
    let visit = match payload.get("visit") {
        Some(Value::String(visit)) => visit.trim_matches(['{', '%', '}', ' ']).to_owned(),
        _ => "1".to_owned(),
    };
    let key = format!(
        r#"{{% $states.input.instance & {} & {visit} %}}"#,
        expression::quote(&format!("/{}/", task.id))
    );
    payload.insert("idempotency_key".to_owned(), json!(key));
    let called = match &task.service {
        Service::Lambda(name) => function_name(name),
        Service::Http(_) => "call_http".to_owned(),
        Service::Queue(_) => "send_to_queue".to_owned(),
    };
    let function = format!("{PREFIX}{called}");
    let mut retry = vec![transient(&[])];
    retry.extend(repeated(task.retry));
    Task {
        arguments: Some(json!({"FunctionName": function, "Payload": payload})),
        timeout_seconds: Some(SERVICE_SECONDS.into()),
        retry,
        ..Task::new("arn:aws:states:::lambda:invoke")
    }
}

fn transient(more: &[&'static str]) -> Retrier {
    Retrier {
        interval_seconds: Some(1),
        max_attempts: Some(6),
        backoff_rate: Some(2.into()),
        max_delay_seconds: Some(60),
        jitter_strategy: Some(Jitter::Full),
        ..Retrier::new(TRANSIENT.iter().chain(more).copied())
    }
}

/// The repetitions that the definition asks for. A call that timed out or crashed may be repeated, too: its
/// idempotency key keeps it from counting twice.
fn repeated(retry: Retry) -> Option<Retrier> {
    let seconds = u64::from(retry.seconds);
    let repetitions = u64::from(retry.attempts.saturating_sub(1));
    (repetitions > 0).then(|| Retrier {
        interval_seconds: Some(seconds),
        max_attempts: Some(repetitions),
        backoff_rate: Some(2.into()),
        max_delay_seconds: Some((seconds * 60).clamp(300, 86_400)),
        jitter_strategy: Some(Jitter::Full),
        ..Retrier::new([
            "Retryable",
            "States.Timeout",
            "Sandbox.Timedout",
            "Lambda.Unknown",
        ])
    })
}
