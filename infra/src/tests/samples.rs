//! Every sample event is one that its function understands.

use std::collections::HashMap;

use aws_lambda_events::{dynamodb, sqs::SqsEvent};
use domain::ticket::Submission;
use engine::execution::{Input, Output};
use engine::opening::Opening;
use engine::scope::Closing;
use engine::service::ServiceCall;
use matchit::Router;
use runtime::Trigger;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::item::Item;

use super::read;

fn event<T: DeserializeOwned>(id: &str) -> T {
    serde_json::from_str(&read(&format!("events/{id}.json"))).unwrap_or_else(|error| panic!("{id}: {error}"))
}

#[test]
fn requests_lead_to_their_operation() {
    let endpoints = functions::endpoints();
    let mut by_path: HashMap<&str, HashMap<&str, &str>> = HashMap::new();
    for endpoint in &endpoints {
        let methods = by_path.entry(&endpoint.path).or_default();
        methods.insert(&endpoint.method, &endpoint.operation.id);
    }
    let mut router = Router::new();
    for (path, methods) in by_path {
        router.insert(path, methods).unwrap();
    }
    for endpoint in &endpoints {
        let id = &endpoint.operation.id;
        let request = lambda_http::request::from_str(&read(&format!("events/{id}.json")))
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        let methods = router.at(request.uri().path()).unwrap().value;
        assert_eq!(methods[request.method().as_str()], id);
        let body = request.body();
        if !body.is_empty() {
            assert_eq!(request.headers()["content-type"], "application/json", "{id}");
            serde_json::from_slice::<Value>(body).unwrap();
        }
    }
}

#[test]
fn handlers_get_what_their_trigger_sends() {
    for handler in functions::handlers() {
        let id = &handler.operation.id;
        match handler.trigger {
            Trigger::Queue(queue) => {
                let event: SqsEvent = event(id);
                let source = event.records[0].event_source_arn.clone().unwrap();
                assert!(
                    source.ends_with(&format!(":{}", queue.name("pflow-"))),
                    "{id}: {source}"
                );
            }
            Trigger::Stream(table) => {
                let event: dynamodb::Event = event(id);
                let source = event.records[0].event_source_arn.clone().unwrap();
                assert!(
                    source.contains(&format!("/{}/stream/", table.name("pflow-"))),
                    "{id}: {source}"
                );
            }
            Trigger::Schedule { .. } => assert_eq!(event::<Value>(id)["detail-type"], "Scheduled Event"),
            Trigger::StateMachine => assert!(event::<Value>(id)["instance"].is_string()),
        }
    }
}

/// The first message of a batch.
fn message(id: &str) -> String {
    event::<SqsEvent>(id).records.remove(0).body.unwrap()
}

fn images(id: &str) -> (Item, Item) {
    let change = event::<dynamodb::Event>(id).records.remove(0).change;
    (change.old_image.into(), change.new_image.into())
}

#[test]
fn contents_are_what_the_handlers_read() {
    let submission: Submission = serde_json::from_str(&message("create_tickets")).unwrap();
    assert_eq!(submission.kind.as_str(), "expense");

    let change: Value = serde_json::from_str(&message("end_instance")).unwrap();
    let text = |member: &str| change["detail"][member].as_str().unwrap();
    let input: Input = serde_json::from_str(text("input")).unwrap();
    let name = domain::instance::execution_name(&input.header.instance, input.header.epoch);
    assert_eq!(text("name"), name);
    let output: Output = serde_json::from_str(text("output")).unwrap();
    assert_eq!(output.status.as_deref(), Some("completed"));

    for id in ["open_task", "open_timer", "open_receive", "open_call"] {
        event::<Opening>(id).awaited().unwrap();
    }
    for id in [
        "create_payment",
        "throw_event",
        "call_http",
        "send_to_queue",
        "arrive_at_join",
    ] {
        event::<ServiceCall>(id);
    }
    assert!(!event::<Closing>("close_scope").places.is_empty());

    let (_, new) = images("follow_tickets");
    assert!(store::tickets::ticket_of_image(new).unwrap().is_some());
    let (old, new) = images("follow_tasks");
    assert!(store::places::task_of_image(old).unwrap().unwrap().is_open());
    assert!(
        store::places::task_of_image(new)
            .unwrap()
            .unwrap()
            .decided
            .is_some()
    );
    let (_, new) = images("follow_instances");
    store::item::from_item::<domain::instance::Instance>(new).unwrap();
}
