//! Express machines, activities, places that are left, versions and aliases.

use asl::Timestamp;
use serde_json::{Value, json};

use super::support::{Folder, ROLE, START, Service, TestHost, lambda, place};

async fn service(folder: &Folder) -> Service {
    Service::open(folder, &TestHost::quiet()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn express_executions_answer_or_leave_nothing() {
    let folder = Folder::new();
    let host = TestHost::new(|call| Ok(lambda(call.arguments["Payload"].clone())));
    let service = Service::open(&folder, &host).await;
    let definition = json!({ "StartAt": "W", "QueryLanguage": "JSONata", "States": {
        "W": { "Type": "Wait", "Seconds": 2, "Next": "T" },
        "T": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
            "Arguments": { "FunctionName": "f", "Payload": "{% $states.input.a %}" },
            "Output": "{% $states.result.Payload %}" } } });
    let body =
        json!({ "name": "e", "definition": definition.to_string(), "roleArn": ROLE, "type": "EXPRESS" });
    let machine = service.call("CreateStateMachine", body).await["stateMachineArn"].clone();
    let body = json!({ "stateMachineArn": machine, "name": "one", "input": "{\"a\":7}" });
    let (answer, ()) = tokio::join!(service.call("StartSyncExecution", body.clone()), async {
        while service
            .states
            .next_due()
            .is_none_or(|due| due > Timestamp::from_milliseconds(START + 2000))
        {
            tokio::task::yield_now().await;
        }
        service.clock.advance(2);
    });
    assert_eq!(
        (&answer["status"], &answer["output"]),
        (&json!("SUCCEEDED"), &json!("7")),
        "{answer}"
    );
    assert_eq!(answer["billingDetails"]["billedDurationInMilliseconds"], 2000);
    // Started without waiting, also with the same name, each is on the disk until it ends.
    let first = service.call("StartExecution", body.clone()).await;
    let second = service.call("StartExecution", body).await;
    assert_ne!(first["executionArn"], second["executionArn"]);
    let service = service.reopen(&folder).await;
    service.pass(2).await;
    assert_eq!(host.calls().len(), 3);
    let events = host.events.lock().unwrap().len();
    assert_eq!((events, service.states.in_memory()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_take_tasks_of_activities_once() {
    let folder = Folder::new();
    let service = service(&folder).await;
    let activity = service.call("CreateActivity", json!({ "name": "work" })).await["activityArn"].clone();
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Task", "Resource": activity, "HeartbeatSeconds": 10, "TimeoutSeconds": 100, "End": true } } });
    let machine = service.create("m", definition).await;
    let ask = json!({ "activityArn": activity, "workerName": "w" });
    // One who waits hears of it.
    let (task, one) = tokio::join!(
        service.call("GetActivityTask", ask.clone()),
        service.start(&machine, "one", json!({ "n": 1 })),
    );
    assert_eq!(task["input"], "{\"n\":1}");
    let two = service.start(&machine, "two", json!({ "n": 2 })).await;
    let service = service.reopen(&folder).await;
    let impatient = || async {
        let asked = service.call("GetActivityTask", ask.clone());
        let patience = std::time::Duration::from_millis(300);
        tokio::time::timeout(patience, asked).await.unwrap_or_default()
    };
    let both = tokio::join!(impatient(), impatient());
    let tokens: Vec<&Value> = [&both.0, &both.1]
        .into_iter()
        .filter(|task| task["taskToken"].is_string())
        .collect();
    assert_eq!(tokens.len(), 1, "{both:?}");
    service
        .succeed(task["taskToken"].as_str().unwrap(), json!("done"))
        .await;
    assert_eq!(service.output(&one).await, "done");
    service
        .call(
            "SendTaskHeartbeat",
            json!({ "taskToken": tokens[0]["taskToken"] }),
        )
        .await;
    service.pass(11).await;
    assert_eq!(service.describe(&two).await["error"], "States.HeartbeatTimeout");
    let late = json!({ "taskToken": tokens[0]["taskToken"], "output": "1" });
    assert_eq!(service.refused("SendTaskSuccess", late).await.0, "TaskTimedOut");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_left_early_hears_nothing_more() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let mut place = place("X");
    place.as_object_mut().unwrap().remove("Next");
    place["End"] = true.into();
    let definition = json!({ "StartAt": "F", "QueryLanguage": "JSONata", "States": {
        "F": { "Type": "Parallel", "Next": "After", "Catch": [{ "ErrorEquals": ["Out"], "Next": "After" }], "Branches": [
            { "StartAt": "Wait", "States": { "Wait": place } },
            { "StartAt": "T", "States": { "T": { "Type": "Wait", "Seconds": 5, "Next": "Out" },
                "Out": { "Type": "Fail", "Error": "Out" } } } ] },
        "After": { "Type": "Wait", "Seconds": 100, "End": true } } });
    let machine = service.create("m", definition).await;
    let execution = service.start(&machine, "one", json!({})).await;
    service.pass(5).await;
    let late = json!({ "taskToken": host.token(), "output": "{}" });
    assert_eq!(service.refused("SendTaskSuccess", late).await.0, "TaskTimedOut");
    assert_eq!(service.status(&execution).await, "RUNNING");
    let stop = json!({ "executionArn": execution, "error": "E", "cause": "C" });
    let stopped = service.call("StopExecution", stop.clone()).await;
    service.clock.advance(3);
    assert_eq!(service.call("StopExecution", stop).await, stopped);
    let described = service.describe(&execution).await;
    assert_eq!(
        (&described["status"], &described["error"]),
        (&json!("ABORTED"), &json!("E"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_aliases_start_what_they_name() {
    let folder = Folder::new();
    let service = service(&folder).await;
    let giving = |text: &str| {
        json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "Result": text, "End": true } } })
            .to_string()
    };
    let body = json!({ "name": "m", "definition": giving("one"), "roleArn": ROLE, "publish": true });
    let created = service.call("CreateStateMachine", body).await;
    let machine = created["stateMachineArn"].as_str().unwrap().to_owned();
    assert_eq!(created["stateMachineVersionArn"], format!("{machine}:1"));
    let again = service
        .call(
            "PublishStateMachineVersion",
            json!({ "stateMachineArn": machine }),
        )
        .await;
    assert_eq!(again["stateMachineVersionArn"], format!("{machine}:1"));
    let body = json!({ "stateMachineArn": machine, "definition": giving("two"), "publish": true });
    assert_eq!(
        service.call("UpdateStateMachine", body).await["stateMachineVersionArn"],
        format!("{machine}:2")
    );
    let body = json!({ "stateMachineArn": machine, "definition": giving("three") });
    service.call("UpdateStateMachine", body).await;
    let routed = |version: u32, weight: u32| json!({ "stateMachineVersionArn": format!("{machine}:{version}"), "weight": weight });
    let alias = json!({ "name": "live", "routingConfiguration": [routed(1, 100)] });
    let alias = service.call("CreateStateMachineAlias", alias).await["stateMachineAliasArn"].clone();
    let started = |arn: String, name: &'static str| {
        let service = &service;
        async move {
            let execution = service.start(&arn, name, json!({})).await;
            service.status(&execution).await;
            (
                service.output(&execution).await,
                service.describe(&execution).await["stateMachineVersionArn"].clone(),
            )
        }
    };
    let version = |number: u32| json!(format!("{machine}:{number}"));
    assert_eq!(started(machine.clone(), "a").await, (json!("three"), Value::Null));
    assert_eq!(
        started(format!("{machine}:2"), "b").await,
        (json!("two"), version(2))
    );
    assert_eq!(
        started(format!("{machine}:live"), "c").await,
        (json!("one"), version(1))
    );
    let update =
        json!({ "stateMachineAliasArn": alias, "routingConfiguration": [routed(2, 100), routed(1, 0)] });
    service.call("UpdateStateMachineAlias", update).await;
    assert_eq!(
        started(format!("{machine}:live"), "d").await,
        (json!("two"), version(2))
    );
    let of_alias = json!({ "stateMachineArn": alias });
    let listed = service.call("ListExecutions", of_alias).await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 2);
    let events = service.host.events.lock().unwrap().clone();
    let of_ended: Vec<&Value> = events
        .iter()
        .filter(|event| event["detail"]["name"] == "d")
        .map(|event| &event["detail"]["stateMachineAliasArn"])
        .collect();
    assert_eq!(of_ended, [&alias, &alias]);
    let delete = json!({ "stateMachineVersionArn": format!("{machine}:2") });
    assert_eq!(
        service
            .refused("DeleteStateMachineVersion", delete.clone())
            .await
            .0,
        "ConflictException"
    );
    service
        .call(
            "DeleteStateMachineAlias",
            json!({ "stateMachineAliasArn": alias }),
        )
        .await;
    service.call("DeleteStateMachineVersion", delete).await;
    let versions = service
        .call("ListStateMachineVersions", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(versions["stateMachineVersions"].as_array().unwrap().len(), 1);
    let gone = json!({ "stateMachineArn": format!("{machine}:2") });
    assert_eq!(
        service.refused("StartExecution", gone).await.0,
        "StateMachineDoesNotExist"
    );
    let uneven = json!({ "name": "x", "routingConfiguration": [routed(1, 50)] });
    assert_eq!(
        service.refused("CreateStateMachineAlias", uneven).await.0,
        "ValidationException"
    );
}
