//! Calls of functions that answer at once: services, what is sent, and `close_scope`.

use asl::types::{Jitter, Retrier, Task};
use serde_json::{Map, Value, json};

use super::expression::{self, Change, INPUT, code, quote};
use super::place::number;
use super::{Lowering, Made, PREFIX};
use crate::catalog::function_name;
use crate::document::Assignments;
use crate::node::{Retry, Service};
use crate::resolve::object;
use crate::workflow::{Call, Called, Close, Exit, Join, Node, NodeIndex};

/// How long a service may take to answer.
const SERVICE_SECONDS: u64 = 60;

/// Lambda's own hiccups, before or after the function ran.
const TRANSIENT: [&str; 4] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];

/// What else our own functions are called again after: each does its work once by its key, however it ended before.
const AGAIN: [&str; 5] = [
    "Retryable",
    "States.Timeout",
    "Sandbox.Timedout",
    "Lambda.Unknown",
    "Runtime.ExitError",
];

const ANSWER: &str = "$states.result.Payload";

impl Lowering<'_> {
    pub(super) fn call(&self, index: NodeIndex, call: &Call, before: &[NodeIndex]) -> Made {
        let node = self.workflow.node(index);
        let (catch, caught) = self.catchers(index, before, &call.catches);
        let passed = self.list(before);
        let mut payload = self.payload(node, &passed);
        payload.insert("idempotency_key".to_owned(), code(&key(node)));
        if let Called::Join(join) = &call.what {
            return self.join(index, *join, &passed, payload);
        }
        if let Called::Arrive(of) = &call.what {
            return self.arrive(index, *of, &passed, payload);
        }
        if self.travels.data {
            payload.insert("data".to_owned(), code(&expression::data_before(&passed)));
        }
        let function = match &call.what {
            Called::Escalation(escalation) => {
                let visit = expression::visits_so_far(&passed, self.workflow.node(escalation.of));
                payload.insert("message".to_owned(), self.escalation(escalation, &visit));
                "throw_event".to_owned()
            }
            _ => told(call, &passed, &mut payload),
        };
        let mut retry = vec![transient(&[])];
        retry.extend(repeated(call.retry));
        let set = call
            .writes
            .iter()
            .map(|field| format!("{}: {ANSWER}.data.`{field}`", quote(field)));
        let set = set.collect::<Vec<_>>().join(", ");
        let data = (!call.writes.is_empty()).then(|| format!("{{{set}}}"));
        let task = Task {
            comment: self.comment(index),
            retry,
            catch,
            ..invoke(&function, payload)
        };
        let change = Change {
            before: &passed,
            own: Some(node),
            data,
            is_told: true,
            ..Change::default()
        };
        let (made, mut follow) = self.goes_on(index, task, change);
        follow.extend(caught);
        (made, follow)
    }

    /// Closes what is open in a scope that was left, and learns what was done there.
    pub(super) fn close(&self, index: NodeIndex, close: &Close, before: &[NodeIndex]) -> Made {
        let node = self.workflow.node(index);
        let passed = self.list(before);
        let mut payload = self.payload(node, &passed);
        payload.insert("visit".to_owned(), json!(1));
        // The number of its visit is not counted; the number of the node entered last tells the calls apart.
        let iteration = match node.iterates {
            true => format!(r#" & "/" & {INPUT}.iteration"#),
            false => String::new(),
        };
        let key = format!(
            "{INPUT}.instance & {} & ({}){iteration}",
            quote(&format!("/{}/", node.id)),
            expression::seq(INPUT, &passed, 0)
        );
        payload.insert("idempotency_key".to_owned(), code(&key));
        payload.insert("seq".to_owned(), code(&expression::seq(INPUT, &passed, 0)));
        let mut data = None;
        let mut members = Vec::new();
        if !close.places.is_empty() || !close.services.is_empty() {
            let places: Map<String, Value> = close
                .places
                .iter()
                .map(|(id, fields)| (id.clone(), json!(fields)))
                .collect();
            payload.insert("places".to_owned(), places.into());
            if !close.services.is_empty() {
                payload.insert("services".to_owned(), json!(close.services));
            }
            payload.insert("since".to_owned(), code(&format!("{INPUT}.left")));
            members.push(("seq", format!("$max([{INPUT}.seq, {ANSWER}.seq])")));
            let counted: Vec<String> = self
                .counted_in(&close.beside)
                .map(|id| {
                    let highest = format!("$max([{INPUT}.visits.`{id}`, {ANSWER}.visits.`{id}`])");
                    format!("{}: {highest}", quote(id))
                })
                .collect();
            if !counted.is_empty() {
                let counted = counted.join(", ");
                members.push(("visits", format!("$merge([{INPUT}.visits, {{{counted}}}])")));
            }
            data = self.travels.data.then(|| format!("{ANSWER}.data"));
        }
        if let Some(of) = close.release {
            let of = self.workflow.node(of);
            let visit = number(&expression::visits_so_far(&passed, of));
            payload.insert("release".to_owned(), json!({"node": of.id, "visit": visit}));
        }
        let task = Task {
            retry: vec![transient(&AGAIN)],
            ..invoke("close_scope", payload)
        };
        // What follows counts on from what the scope has come to.
        let closed = Change {
            before: &passed,
            data,
            members,
            is_told: true,
            ..Change::default()
        };
        let change = Change {
            of: closed.expression(),
            ..Change::default()
        };
        self.goes_on(index, task, change)
    }

    /// Tells the other iterations that this one is complete, and learns of those that were before.
    fn arrive(
        &self,
        index: NodeIndex,
        of: NodeIndex,
        passed: &[&Node],
        mut payload: Map<String, Value>,
    ) -> Made {
        let whole = self.workflow.node(of);
        let visit = number(&expression::visits_so_far(&[], whole));
        let mut join = Map::new();
        join.insert("node".to_owned(), json!(whole.id));
        join.insert("visit".to_owned(), visit.clone());
        if whole.iterates {
            let outer = format!("{INPUT}.loops.`{}`.outer", whole.id);
            join.insert("iteration".to_owned(), code(&outer));
        }
        let key = format!(
            r#"{INPUT}.instance & {} & ({}) & "/" & {INPUT}.iteration & "/complete""#,
            quote(&format!("/{}/", whole.id)),
            expression::visits_so_far(&[], whole),
        );
        payload.insert("node".to_owned(), json!(whole.id));
        payload.insert("visit".to_owned(), visit);
        payload.insert("seq".to_owned(), code(&expression::seq(INPUT, passed, 0)));
        payload.insert("idempotency_key".to_owned(), code(&key));
        payload.insert("join".to_owned(), join.into());
        payload.insert("arrival".to_owned(), code(&format!("{INPUT}.iteration")));
        let value = format!(r#"($s := {}; {{"output": $s.output}})"#, state(passed));
        payload.insert("value".to_owned(), code(&value));
        let task = Task {
            retry: vec![transient(&AGAIN)],
            ..invoke("arrive_at_join", payload)
        };
        let change = Change {
            before: passed,
            members: vec![("arrived", ANSWER.to_owned())],
            is_told: true,
            ..Change::default()
        };
        self.goes_on(index, task, change)
    }

    /// Tells the other branches that this one has come to a join, and learns of those that were there before.
    fn join(&self, index: NodeIndex, join: Join, passed: &[&Node], mut payload: Map<String, Value>) -> Made {
        let at = self.workflow.node(join.at);
        let visit = expression::visit(INPUT, at);
        let mut place = Map::new();
        place.insert("node".to_owned(), json!(at.id));
        place.insert("visit".to_owned(), number(&visit));
        if at.iterates {
            place.insert("iteration".to_owned(), code(&format!("{INPUT}.iteration")));
        }
        let iteration = match at.iterates {
            true => format!(r#" & "/" & {INPUT}.iteration"#),
            false => String::new(),
        };
        let key = format!(
            "{INPUT}.instance & {} & ({visit}){iteration} & {}",
            quote(&format!("/{}/", at.id)),
            quote(&format!("/from/{}", join.flow))
        );
        payload.insert("node".to_owned(), json!(at.id));
        payload.insert("visit".to_owned(), number(&visit));
        payload.insert("seq".to_owned(), code(&expression::seq(INPUT, passed, 0)));
        payload.insert("idempotency_key".to_owned(), code(&key));
        payload.insert("join".to_owned(), place.into());
        payload.insert("arrival".to_owned(), json!(join.flow.to_string()));
        let value = format!(
            r#"($s := {}; $merge([{{"seq": $s.seq, "data": $s.data, "visits": $s.visits, "status": $s.status}}]))"#,
            state(passed)
        );
        payload.insert("value".to_owned(), code(&value));
        let task = Task {
            retry: vec![transient(&AGAIN)],
            ..invoke("arrive_at_join", payload)
        };
        let change = Change {
            before: passed,
            members: vec![("arrived", ANSWER.to_owned())],
            is_told: true,
            ..Change::default()
        };
        self.goes_on(index, task, change)
    }

    fn goes_on(&self, index: NodeIndex, mut task: Task, change: Change<'_>) -> Made {
        let Exit::Always(to) = self.workflow.node(index).exit else {
            task.end = true;
            return (task.into(), Vec::new());
        };
        let (behind, next, follow) = self.behind(index, to);
        let change = Change {
            behind: &behind,
            ..change
        };
        task.output = change.output();
        task.end = next.is_none();
        task.next = next;
        (task.into(), follow)
    }

    /// What every function is told.
    pub(super) fn payload(&self, node: &Node, before: &[&Node]) -> Map<String, Value> {
        let known = [
            "tenant", "instance", "epoch", "workflow", "version", "ticket", "starter",
        ];
        let mut payload: Map<String, Value> = known
            .iter()
            .map(|name| ((*name).to_owned(), code(&format!("{INPUT}.{name}"))))
            .collect();
        payload.insert("node".to_owned(), json!(node.told_id()));
        if node.iterates {
            payload.insert("iteration".to_owned(), code(&format!("{INPUT}.iteration")));
        }
        payload.insert("visit".to_owned(), number(&expression::visit(INPUT, node)));
        payload.insert("seq".to_owned(), code(&expression::seq(INPUT, before, 1)));
        payload.insert("path".to_owned(), code(&expression::path(INPUT, before)));
        payload
    }
}

/// What travels after what was passed.
fn state(passed: &[&Node]) -> String {
    let change = Change {
        behind: passed,
        ..Change::default()
    };
    change.expression().unwrap_or_else(|| INPUT.to_owned())
}

/// The idempotency key of a node: of its visit, and iteration.
fn key(node: &Node) -> String {
    let visit = expression::visit(INPUT, node);
    let id = quote(&format!("/{}/", node.told_id()));
    match node.iterates {
        true => format!(r#"{INPUT}.instance & {id} & {visit} & "/" & {INPUT}.iteration"#),
        false => format!("{INPUT}.instance & {id} & {visit}"),
    }
}

fn invoke(function: &str, payload: Map<String, Value>) -> Task {
    Task {
        arguments: Some(json!({"FunctionName": format!("{PREFIX}{function}"), "Payload": payload})),
        timeout_seconds: Some(SERVICE_SECONDS.into()),
        ..Task::new("arn:aws:states:::lambda:invoke")
    }
}

/// Adds what a call says beside what every function is told; gives the function's name.
fn told(call: &Call, before: &[&Node], payload: &mut Map<String, Value>) -> String {
    let value = |source: &str| code(&expression::value(source, before));
    // Nothing is sent as null.
    let content = |source: &str| {
        let value = expression::value(source, before);
        code(&format!("($v := {value}; $exists($v) ? $v : null)"))
    };
    let data = |list: &Assignments| code(&expression::value(&object(list), before));
    match &call.what {
        Called::Service(Service::Lambda(name)) => function_name(name),
        Called::Service(Service::Http(http)) => {
            let headers: Assignments = http.headers.clone().into_iter().collect();
            let mut request = Map::new();
            request.insert("method".to_owned(), json!(http.method));
            request.insert("url".to_owned(), value(&http.url));
            // A header without a value is not sent.
            request.insert("headers".to_owned(), data(&headers));
            request.extend(http.body.iter().map(|body| ("body".to_owned(), content(body))));
            payload.insert("http".to_owned(), request.into());
            "call_http".to_owned()
        }
        Called::Service(Service::Queue(queue)) => {
            let body = match &queue.body {
                Some(body) => content(body),
                None => code(&expression::data_before(before)),
            };
            payload.insert("queue".to_owned(), json!({"name": queue.name, "body": body}));
            "send_to_queue".to_owned()
        }
        Called::Message {
            name,
            correlation,
            data: list,
        } => {
            let mut message = Map::new();
            message.insert("name".to_owned(), json!(name));
            if let Some(source) = correlation {
                let text = format!("{} & \"\"", expression::value(source, before));
                message.insert("correlation".to_owned(), code(&text));
            }
            message.insert("data".to_owned(), data(list));
            payload.insert("message".to_owned(), message.into());
            "throw_event".to_owned()
        }
        Called::Signal { name, data: list } => {
            payload.insert("signal".to_owned(), json!({"name": name, "data": data(list)}));
            "throw_event".to_owned()
        }
        Called::Escalation(_) => "throw_event".to_owned(),
        Called::Join(_) | Called::Arrive(_) => "arrive_at_join".to_owned(),
    }
}

pub(super) fn transient(more: &[&'static str]) -> Retrier {
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
            "Runtime.ExitError",
        ])
    })
}
