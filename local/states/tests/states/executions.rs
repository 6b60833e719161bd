//! Starting, waiting, answering, stopping, and what is told of it.

use serde_json::json;

use super::support::{Folder, Service, TestHost, approval};

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
    let clock = std::sync::Arc::clone(&service.clock);
    drop(service.states);
    clock.advance(100_000);
    let service = Service::open_at(&folder.database(), &host, clock, states::Options::default()).await;
    assert_eq!(service.status(&execution).await, "FAILED");
    let described = service.describe(&execution).await;
    assert_eq!(described["error"], "States.Timeout");
}
