//! Executions that executions start, and distributed Maps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use states::Options;

use super::support::{Folder, Service, TestHost, approval, lambda};

fn starting(resource: &str, arguments: Value) -> Value {
    json!({ "StartAt": "S", "QueryLanguage": "JSONata", "States": {
        "S": { "Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{resource}"),
            "Arguments": arguments, "End": true } } })
}

async fn with_child(folder: &Folder, host: &Arc<TestHost>, resource: &str) -> (Service, String, String) {
    let service = Service::open(folder, host).await;
    let child = service.create("child", approval()).await;
    let arguments = json!({ "StateMachineArn": child, "Name": "c", "Input": { "n": 1 } });
    let parent = service.create("parent", starting(resource, arguments)).await;
    let execution = service.start(&parent, "p", json!({})).await;
    let of_child = child.replace("stateMachine", "execution") + ":c";
    (service, execution, of_child)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_waits_for_its_child() {
    let host = TestHost::quiet();
    for (resource, outcome) in [
        (".sync:2", "approve"),
        (".sync", "approve"),
        (".sync:2", "reject"),
    ] {
        let folder = Folder::new();
        let (service, parent, child) = with_child(&folder, &host, resource).await;
        let service = service.reopen(&folder).await;
        assert_eq!(service.status(&parent).await, "RUNNING");
        assert_eq!(service.describe(&child).await["input"], "{\"n\":1}");
        service
            .succeed(&host.token(), json!({ "outcome": outcome }))
            .await;
        let types = service.types(&parent).await;
        let described = service.describe(&parent).await;
        if outcome == "approve" {
            assert_eq!(types[3..6], ["TaskStarted", "TaskSubmitted", "TaskSucceeded"]);
            let output = service.output(&parent).await;
            let wanted = json!({ "status": "approved" });
            let wanted = if resource == ".sync" {
                json!(wanted.to_string())
            } else {
                wanted
            };
            assert_eq!(
                (&output["Output"], &output["Status"]),
                (&wanted, &json!("SUCCEEDED"))
            );
            assert_eq!(output["ExecutionArn"], child);
        } else {
            assert_eq!(types[3..6], ["TaskStarted", "TaskSubmitted", "TaskFailed"]);
            assert_eq!(described["error"], "States.TaskFailed");
            let cause: Value = serde_json::from_str(described["cause"].as_str().unwrap()).unwrap();
            assert_eq!(
                (&cause["Error"], &cause["Status"]),
                (&json!("Rejected"), &json!("FAILED"))
            );
        }
    }
    // One that is stopped stops the child that it waits for, and no other.
    for (resource, child_is) in [(".sync:2", "ABORTED"), ("", "RUNNING")] {
        let folder = Folder::new();
        let (service, parent, child) = with_child(&folder, &host, resource).await;
        service
            .call("StopExecution", json!({ "executionArn": parent }))
            .await;
        assert_eq!(service.status(&child).await, child_is, "{resource}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_cannot_start_fails_its_task() {
    let folder = Folder::new();
    let service = Service::open(&folder, &TestHost::quiet()).await;
    let missing = "arn:aws:states:us-east-1:000000000000:stateMachine:missing";
    let machine = service
        .create("m", starting("", json!({ "StateMachineArn": missing })))
        .await;
    let execution = service.start(&machine, "one", json!({})).await;
    let described = service.describe(&execution).await;
    assert_eq!(
        described["error"],
        "StepFunctions.StateMachineDoesNotExistException"
    );
    let cause = described["cause"].as_str().unwrap();
    assert!(
        cause.starts_with(&format!("State Machine Does Not Exist: '{missing}'")),
        "{cause}"
    );
}

fn distributed() -> Value {
    json!({ "StartAt": "M", "QueryLanguage": "JSONata", "States": { "M": { "Type": "Map", "End": true,
        "Items": [1, 2, 3], "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "W", "States": {
                "W": { "Type": "Wait", "Seconds": 5, "Next": "T" },
                "T": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                    "Arguments": { "FunctionName": "f", "Payload": "{% $states.input %}" },
                    "Output": "{% $states.result.Payload %}" } } } } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributed_map_goes_on_after_a_restart() {
    let folder = Folder::new();
    let hangs = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&hangs);
    let host = TestHost::slow(move |call| {
        let payload = call.arguments["Payload"].as_u64().unwrap();
        if state.load(Ordering::SeqCst) && payload == 2 {
            return Box::pin(std::future::pending());
        }
        Box::pin(async move { Ok(lambda(json!(payload * 10))) })
    });
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", distributed()).await;
    let body = json!({ "stateMachineArn": machine, "name": "one" });
    let execution = service.call("StartExecution", body).await["executionArn"].clone();
    let execution = execution.as_str().unwrap();
    while host.calls().len() < 3 {
        service.clock.advance(5);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // Until what came of the other two is written.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    // The process ends in the middle of it.
    let Service { states, clock, .. } = service;
    drop(states);
    hangs.store(false, Ordering::SeqCst);
    let service = Service::open_at(&folder.database(), &host, clock, Options::default()).await;
    for _ in 0..2 {
        service.clock.advance(5);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    while service.describe(execution).await["status"] == "RUNNING" {
        service.clock.advance(5);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(service.output(execution).await, json!([10, 20, 30]));
    let types = service.types(execution).await;
    assert_eq!(
        types.iter().filter(|kind| *kind == "MapRunStarted").count(),
        1,
        "{types:?}"
    );
    assert_eq!(service.states.in_memory(), 0);
    // What was done is not done again.
    let mut asked: Vec<u64> = host
        .calls()
        .iter()
        .map(|call| call.arguments["Payload"].as_u64().unwrap())
        .collect();
    asked.sort_unstable();
    assert_eq!(asked, [1, 2, 2, 3]);
    service.states.settled().await;
    drop(service);
    let database = storage::rusqlite::Connection::open(folder.database()).unwrap();
    let left: i64 = database
        .query_row("SELECT COUNT(*) FROM map_items", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributed_map_that_is_stopped_calls_no_more() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", distributed()).await;
    let body = json!({ "stateMachineArn": machine, "name": "one" });
    let execution = service.call("StartExecution", body).await["executionArn"].clone();
    service
        .call("StopExecution", json!({ "executionArn": execution }))
        .await;
    service.pass(60).await;
    assert_eq!(service.status(execution.as_str().unwrap()).await, "ABORTED");
    assert_eq!((host.calls().len(), service.states.in_memory()), (0, 0));
}
