//! Starting, waiting, answering, stopping, and what is told of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use states::{Fault, Faults, Options, TaskError};
use tokio::task::JoinSet;

use super::support::{Folder, Service, TestClock, TestHost, approval, lambda};

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_waits_across_restarts_and_ends() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("approval", approval()).await;
    let execution = service.start(&machine, "one", json!({ "amount": 7 })).await;
    assert_eq!(service.status(&execution).await, "RUNNING");
    assert_eq!(service.states.in_memory(), 0);
    let token = host.token();
    let service = service.reopen(&folder).await;
    assert_eq!(service.status(&execution).await, "RUNNING");
    service.succeed(&token, json!({ "outcome": "approve" })).await;
    assert_eq!(service.status(&execution).await, "SUCCEEDED");
    assert_eq!(service.output(&execution).await, json!({ "status": "approved" }));
    assert_eq!(
        service.types(&execution).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ChoiceStateEntered",
            "ChoiceStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
    assert_eq!(host.calls().len(), 1);
    assert_eq!(host.statuses(), ["RUNNING", "SUCCEEDED"]);
    let again = json!({ "taskToken": token, "output": "{}" });
    assert_eq!(
        service.refused("SendTaskSuccess", again).await,
        (
            "TaskTimedOut".to_owned(),
            "Task Timed Out: 'Provided task does not exist anymore'".to_owned()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_times_out_while_nobody_looks() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("approval", approval()).await;
    let execution = service.start(&machine, "one", json!({})).await;
    service.pass(3599).await;
    assert_eq!(service.status(&execution).await, "RUNNING");
    let clock = Arc::clone(&service.clock);
    drop(service.states);
    clock.advance(100_000);
    let service = Service::open_at(&folder.database(), &host, clock, Options::default()).await;
    assert_eq!(service.status(&execution).await, "FAILED");
    let described = service.describe(&execution).await;
    assert_eq!(described["error"], "States.Timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_goes_on_from_the_failure() {
    let folder = Folder::new();
    let broken = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&broken);
    let host = TestHost::new(move |call| match call.arguments["FunctionName"].as_str() {
        Some("pay") if state.load(Ordering::SeqCst) => Err(TaskError::new("Broken", "out of order")),
        name => Ok(lambda(json!({ "called": name }))),
    });
    let service = Service::open(&folder, &host).await;
    let call = |function: &str| {
        json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Arguments": { "FunctionName": function }, "Output": "{% $states.result.Payload.called %}" })
    };
    let definition = json!({ "StartAt": "F", "QueryLanguage": "JSONata", "States": {
        "F": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "Book", "States": { "Book": call("book") } },
            { "StartAt": "Hold", "States": { "Hold": { "Type": "Wait", "Seconds": 5, "Next": "Pay" }, "Pay": call("pay") } } ] } } });
    let machine = service.create("m", definition).await;
    let execution = service.start(&machine, "one", json!({})).await;
    service.pass(5).await;
    assert_eq!(service.status(&execution).await, "FAILED");
    assert_eq!(service.describe(&execution).await["redriveStatus"], "REDRIVABLE");
    let service = service.reopen(&folder).await;
    broken.store(false, Ordering::SeqCst);
    service.clock.advance(60);
    let redriven = service
        .call("RedriveExecution", json!({ "executionArn": execution }))
        .await;
    let service = service.reopen(&folder).await;
    assert_eq!(service.status(&execution).await, "SUCCEEDED");
    assert_eq!(service.output(&execution).await, json!(["book", "pay"]));
    let called: Vec<String> = host.calls().iter().map(|call| call.state.clone()).collect();
    assert_eq!(called, ["Book", "Pay", "Pay"]);
    let described = service.describe(&execution).await;
    assert_eq!(
        (&described["redriveCount"], &described["redriveDate"]),
        (&json!(1), &redriven["redriveDate"])
    );
    assert_eq!(host.statuses(), ["RUNNING", "FAILED", "RUNNING", "SUCCEEDED"]);
    let listed = json!({ "stateMachineArn": machine, "redriveFilter": "REDRIVEN" });
    assert_eq!(
        service.call("ListExecutions", listed).await["executions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// However a task is answered at the same time, by success, failure, stop and the clock: one of them counts.
#[tokio::test(flavor = "multi_thread")]
async fn one_outcome_of_many_at_once() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Arc::new(Service::open(&folder, &host).await);
    let machine = service.create("m", approval()).await;
    let mut seen = BTreeSet::new();
    for round in 0..60 {
        let execution = service.start(&machine, &format!("e{round}"), json!({})).await;
        let token = host.token();
        let mut racing = JoinSet::new();
        for racer in 0..8 {
            let (service, token, execution) = (Arc::clone(&service), token.clone(), execution.clone());
            // Not the same one first each time.
            racing.spawn(async move {
                match (racer + round) % 8 {
                    0..=2 => {
                        let output = json!({ "outcome": "approve" }).to_string();
                        let body = json!({ "taskToken": token, "output": output });
                        service.try_call("SendTaskSuccess", body).await.is_ok()
                    }
                    3 | 4 => {
                        let body = json!({ "taskToken": token, "error": "Refused" });
                        service.try_call("SendTaskFailure", body).await.is_ok()
                    }
                    5 => {
                        service.clock.advance(3600);
                        false
                    }
                    6 => {
                        let body = json!({ "executionArn": execution });
                        service.call("StopExecution", body).await;
                        false
                    }
                    _ => service
                        .try_call("SendTaskHeartbeat", json!({ "taskToken": token }))
                        .await
                        .is_err(),
                }
            });
        }
        while racing.join_next().await.is_some() {}
        let status = service.status(&execution).await;
        let types = service.types(&execution).await;
        let count = |wanted: &[&str]| {
            types
                .iter()
                .filter(|kind| wanted.contains(&kind.as_str()))
                .count()
        };
        let ends = [
            "ExecutionSucceeded",
            "ExecutionFailed",
            "ExecutionAborted",
            "ExecutionTimedOut",
        ];
        assert_eq!(count(&ends), 1, "{types:?}");
        assert!(
            count(&["TaskSucceeded", "TaskFailed", "TaskTimedOut"]) <= 1,
            "{types:?}"
        );
        let ids: Vec<u64> = service
            .history(&execution)
            .await
            .iter()
            .map(|event| event["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
        seen.insert(status);
    }
    assert!(seen.len() > 1 && !seen.contains("RUNNING"), "{seen:?}");
    let told = host
        .statuses()
        .iter()
        .filter(|status| *status != "RUNNING")
        .count();
    assert_eq!(told, 60);
}

/// A host that breaks off fails its task, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_bug_of_the_host_is_an_error_of_the_task() {
    let folder = Folder::new();
    let host = TestHost::slow(|_| Box::pin(async { panic!("a bug") }));
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", approval()).await;
    let execution = service.start(&machine, "one", json!({})).await;
    assert_eq!(service.status(&execution).await, "FAILED");
    assert_eq!(service.describe(&execution).await["error"], "States.TaskFailed");
}

/// What a full disk refuses is refused, and goes on when there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_refuses_loses_nothing() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let full = Arc::new(Full(AtomicBool::new(false)));
    let options = Options {
        faults: Some(Arc::clone(&full) as _),
        ..Options::default()
    };
    let service = Service::open_at(&folder.database(), &host, TestClock::new(), options).await;
    let machine = service.create("m", approval()).await;
    let execution = service.start(&machine, "one", json!({})).await;
    let token = host.token();
    full.0.store(true, Ordering::SeqCst);
    let output = json!({ "outcome": "approve" }).to_string();
    let answer = json!({ "taskToken": token, "output": output });
    let refused = service
        .try_call("SendTaskSuccess", answer.clone())
        .await
        .unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (500, "InternalFailure"));
    let start = json!({ "stateMachineArn": machine, "name": "two" });
    assert_eq!(
        service
            .try_call("StartExecution", start.clone())
            .await
            .unwrap_err()
            .status,
        500
    );
    assert_eq!(host.calls().len(), 1);
    full.0.store(false, Ordering::SeqCst);
    service.call("SendTaskSuccess", answer).await;
    assert_eq!(service.status(&execution).await, "SUCCEEDED");
    service.call("StartExecution", start).await;
    service.states.settled().await;
    assert_eq!(host.calls().len(), 2);
}

#[derive(Debug)]
struct Full(AtomicBool);

impl Faults for Full {
    fn next_write(&self) -> Fault {
        if self.0.load(Ordering::SeqCst) {
            Fault::Refused
        } else {
            Fault::None
        }
    }

    fn written(&self) {}
}
