//! The operations as clients see them: answers, refusals, paging.

use serde_json::{Value, json};

use super::support::{Folder, ROLE, START, Service, TestHost, approval, lambda};

async fn service(folder: &Folder) -> Service {
    Service::open(folder, &TestHost::quiet()).await
}

fn pass() -> Value {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_in_the_words_of_aws() {
    let folder = Folder::new();
    let service = service(&folder).await;
    let machine = service.create("m", approval()).await;
    let express =
        json!({ "name": "e", "definition": pass().to_string(), "roleArn": ROLE, "type": "EXPRESS" });
    let express = service.call("CreateStateMachine", express).await["stateMachineArn"].clone();
    let execution = service.start(&machine, "one", json!({ "a": 1 })).await;
    let missing = machine.replace(":m", ":missing");
    let never = execution.replace(":one", ":never");
    let definition = pass().to_string();
    let dangling = json!({ "StartAt": "X", "States": { "P": { "Type": "Pass", "Next": "Q" } } }).to_string();
    let cases = [
        (
            "Nothing",
            json!({}),
            "UnknownOperationException",
            "The operation Nothing is not supported",
        ),
        (
            "StartExecution",
            json!([]),
            "SerializationException",
            "The request is not a JSON object",
        ),
        (
            "StartExecution",
            json!({}),
            "ValidationException",
            "1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": missing }),
            "StateMachineDoesNotExist",
            &format!("State Machine Does Not Exist: '{missing}'"),
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": "m" }),
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: m'",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "a b" }),
            "InvalidName",
            "Invalid Name: 'a b'",
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "one", "input": "{\"a\":2}" }),
            "ExecutionAlreadyExists",
            &format!("Execution Already Exists: '{execution}'"),
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine, "input": "{" }),
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'EOF while parsing an object at line 1 column 1'",
        ),
        (
            "StartSyncExecution",
            json!({ "stateMachineArn": machine }),
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        ),
        (
            "ListExecutions",
            json!({ "stateMachineArn": express }),
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        ),
        (
            "ListExecutions",
            json!({ "stateMachineArn": machine, "nextToken": "x" }),
            "InvalidToken",
            "Invalid Token: 'Invalid token'",
        ),
        (
            "ListExecutions",
            json!({ "stateMachineArn": machine, "maxResults": 1001 }),
            "ValidationException",
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
        ),
        (
            "DescribeExecution",
            json!({ "executionArn": never }),
            "ExecutionDoesNotExist",
            &format!("Execution Does Not Exist: '{never}'"),
        ),
        (
            "GetExecutionHistory",
            json!({ "executionArn": never }),
            "ExecutionDoesNotExist",
            &format!("Execution Does Not Exist: '{never}'"),
        ),
        (
            "StopExecution",
            json!({ "executionArn": never }),
            "ExecutionDoesNotExist",
            &format!("Execution Does Not Exist: '{never}'"),
        ),
        (
            "DescribeExecution",
            json!({ "executionArn": machine }),
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        ),
        (
            "SendTaskSuccess",
            json!({ "taskToken": "made-up", "output": "{}" }),
            "InvalidToken",
            "Invalid Token: 'Invalid token'",
        ),
        (
            "SendTaskSuccess",
            json!({ "taskToken": "made-up", "output": "{" }),
            "InvalidOutput",
            "Invalid Output: 'EOF while parsing an object at line 1 column 1'",
        ),
        (
            "CreateStateMachine",
            json!({ "name": "m", "definition": definition, "roleArn": ROLE }),
            "StateMachineAlreadyExists",
            &format!("State Machine Already Exists: '{machine}'"),
        ),
        (
            "CreateStateMachine",
            json!({ "name": "n", "definition": "{", "roleArn": ROLE }),
            "InvalidDefinition",
            "Invalid State Machine Definition: 'JSON_SYNTAX: EOF while parsing an object at line 1 column 1 at /'",
        ),
        (
            "UpdateStateMachine",
            json!({ "stateMachineArn": machine }),
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the EncryptionConfiguration must be specified",
        ),
        (
            "RedriveExecution",
            json!({ "executionArn": execution }),
            "ExecutionNotRedrivable",
            "Execution is RUNNING and cannot be redriven",
        ),
    ];
    for (operation, body, code, message) in cases {
        let refused = service.refused(operation, body.clone()).await;
        assert_eq!(
            refused,
            (code.to_owned(), message.to_owned()),
            "{operation} {body}"
        );
    }
    // All that is wrong, not the first of it.
    let invalid = json!({ "name": "n", "definition": dangling, "roleArn": ROLE });
    let (code, message) = service.refused("CreateStateMachine", invalid).await;
    assert_eq!(code, "InvalidDefinition");
    for fault in ["START_AT", "TRANSITION_TARGET"] {
        assert!(message.contains(fault), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_are_created_once_updated_listed_and_deleted() {
    let folder = Folder::new();
    let service = service(&folder).await;
    let machine = service.create("m", approval()).await;
    assert_eq!(service.create("m", approval()).await, machine);
    for number in 0..5 {
        service.create(&format!("n{number}"), pass()).await;
    }
    let mut names = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = service
            .call(
                "ListStateMachines",
                json!({ "maxResults": 2, "nextToken": token }),
            )
            .await;
        let items = page["stateMachines"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(names, ["m", "n0", "n1", "n2", "n3", "n4"]);

    let execution = service.start(&machine, "before", json!({})).await;
    let text = pass().to_string();
    let body = json!({ "stateMachineArn": machine, "definition": text });
    let updated = service.call("UpdateStateMachine", body).await;
    let described = service
        .call("DescribeStateMachine", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(
        (described["definition"].as_str(), described["status"].as_str()),
        (Some(text.as_str()), Some("ACTIVE"))
    );
    assert_eq!(described["revisionId"], updated["revisionId"]);
    let of_execution = json!({ "executionArn": execution });
    let of_execution = service
        .call("DescribeStateMachineForExecution", of_execution)
        .await;
    assert_eq!(of_execution["definition"], approval().to_string());
    let after = service.start(&machine, "after", json!({})).await;
    assert_eq!(service.status(&after).await, "SUCCEEDED");

    // Its executions end with it, also with the one that waits.
    let service = service.reopen(&folder).await;
    service
        .call("DeleteStateMachine", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(service.status(&execution).await, "ABORTED");
    let (code, _) = service
        .refused("DescribeStateMachine", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(code, "StateMachineDoesNotExist");
    service
        .call("DeleteStateMachine", json!({ "stateMachineArn": machine }))
        .await;
    service.create("m", pass()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_listed_by_status_the_newest_first() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", approval()).await;
    for number in 0..7 {
        service.start(&machine, &format!("e{number}"), json!({})).await;
        service.clock.advance(1);
        if number % 3 == 0 {
            service
                .succeed(&host.token(), json!({ "outcome": "approve" }))
                .await;
        }
    }
    let names = |page: &Value| -> Vec<String> {
        let items = page["executions"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = |more: Value| {
        let mut body = json!({ "stateMachineArn": machine });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        service.call("ListExecutions", body)
    };
    let all = list(json!({})).await;
    assert_eq!(names(&all), ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]);
    assert_eq!(
        names(&list(json!({ "statusFilter": "SUCCEEDED" })).await),
        ["e6", "e3", "e0"]
    );
    assert_eq!(names(&list(json!({ "statusFilter": "FAILED" })).await), [""; 0]);
    let first = list(json!({ "maxResults": 3 })).await;
    let token = first["nextToken"].clone();
    let second = list(json!({ "maxResults": 3, "nextToken": token })).await;
    let token = second["nextToken"].clone();
    let third = list(json!({ "maxResults": 3, "nextToken": token })).await;
    assert_eq!(
        (names(&second), names(&third)),
        (vec!["e3".into(), "e2".into(), "e1".into()], vec!["e0".into()])
    );
    assert!(third["nextToken"].is_null());
    let oldest = &all["executions"][6];
    assert_eq!(oldest["startDate"], 1_767_225_600.0);
    assert_eq!(oldest["stopDate"], 1_767_225_601.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_paged_from_either_end() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", approval()).await;
    let execution = service.start(&machine, "one", json!({ "secret": 1 })).await;
    service
        .succeed(&host.token(), json!({ "outcome": "approve" }))
        .await;
    let whole = service.history(&execution).await;
    assert_eq!(whole[0]["timestamp"], json!(START / 1000).as_f64().unwrap());
    for (size, reverse) in (1..15).flat_map(|size| [(size, false), (size, true)]) {
        let mut events = Vec::new();
        let mut token = Value::Null;
        loop {
            let body = json!({ "executionArn": execution, "maxResults": size, "reverseOrder": reverse, "nextToken": token });
            let page = service.call("GetExecutionHistory", body).await;
            let items = page["events"].as_array().unwrap();
            assert!(items.len() <= size && !items.is_empty());
            events.extend(items.clone());
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        if reverse {
            events.reverse();
        }
        assert_eq!(events, whole, "{size} {reverse}");
    }
    let body = json!({ "executionArn": execution, "includeExecutionData": false });
    let stripped = service.call("GetExecutionHistory", body).await.to_string();
    assert!(
        stripped.contains("ExecutionSucceeded") && !stripped.contains("secret"),
        "{stripped}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_starts_once_while_it_runs_and_never_after() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", approval()).await;
    let body = json!({ "stateMachineArn": machine, "name": "one", "input": "{\"a\": 1}" });
    let first = service.call("StartExecution", body.clone()).await;
    service.clock.advance(5);
    let spaced = json!({ "stateMachineArn": machine, "name": "one", "input": "{ \"a\":1 }" });
    for again in [body.clone(), spaced] {
        assert_eq!(service.call("StartExecution", again).await, first);
    }
    service.states.settled().await;
    assert_eq!(host.calls().len(), 1);
    let described = service.describe(first["executionArn"].as_str().unwrap()).await;
    assert_eq!(described["input"], "{\"a\": 1}");
    service
        .succeed(&host.token(), json!({ "outcome": "approve" }))
        .await;
    let (code, _) = service.refused("StartExecution", body).await;
    assert_eq!(code, "ExecutionAlreadyExists");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_executions_go_after_ninety_days() {
    let folder = Folder::new();
    let host = TestHost::quiet();
    let service = Service::open(&folder, &host).await;
    let machine = service.create("m", pass()).await;
    let old = service.start(&machine, "old", json!({})).await;
    service.clock.advance(89 * 24 * 3600);
    let service = service.reopen(&folder).await;
    service.states.settled().await;
    assert_eq!(service.status(&old).await, "SUCCEEDED");
    let new = service.start(&machine, "new", json!({})).await;
    service.clock.advance(2 * 24 * 3600);
    // Looked for each hour, by a task that nobody waits for.
    let gone = || async {
        let described = service.try_call("DescribeExecution", json!({ "executionArn": old }));
        described
            .await
            .is_err_and(|error| error.code == "ExecutionDoesNotExist")
    };
    while !gone().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(service.status(&new).await, "SUCCEEDED");
    service.start(&machine, "old", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_stay_with_their_resource() {
    let folder = Folder::new();
    let service = service(&folder).await;
    let body = json!({ "name": "m", "definition": pass().to_string(), "roleArn": ROLE,
        "tags": [{ "key": "team", "value": "a" }] });
    let machine = service.call("CreateStateMachine", body).await["stateMachineArn"].clone();
    let tag = json!({ "resourceArn": machine, "tags": [{ "key": "stage", "value": "b" }] });
    service.call("TagResource", tag).await;
    service
        .call(
            "UntagResource",
            json!({ "resourceArn": machine, "tagKeys": ["team"] }),
        )
        .await;
    let tags = service
        .call("ListTagsForResource", json!({ "resourceArn": machine }))
        .await;
    assert_eq!(tags, json!({ "tags": [{ "key": "stage", "value": "b" }] }));
    let many: Vec<Value> = (0..50)
        .map(|n| json!({ "key": format!("k{n}"), "value": "" }))
        .collect();
    let (code, _) = service
        .refused("TagResource", json!({ "resourceArn": machine, "tags": many }))
        .await;
    assert_eq!(code, "TooManyTags");
    let (code, _) = service
        .refused(
            "ListTagsForResource",
            json!({ "resourceArn": "arn:aws:states:us-east-1:000000000000:stateMachine:x" }),
        )
        .await;
    assert_eq!(code, "ResourceNotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_and_states_are_looked_at_without_being_stored() {
    let folder = Folder::new();
    let host = TestHost::new(|call| Ok(lambda(json!({ "got": call.arguments["Payload"] }))));
    let service = Service::open(&folder, &host).await;
    let unreachable = json!({ "StartAt": "P", "States": {
        "P": { "Type": "Pass", "End": true }, "Q": { "Type": "Pass", "End": true } } });
    let body = json!({ "definition": unreachable.to_string(), "severity": "WARNING" });
    let found = service.call("ValidateStateMachineDefinition", body).await;
    assert_eq!(found["diagnostics"][0]["location"], "/States/Q", "{found}");
    let body = json!({ "definition": "{", "severity": "ERROR" });
    let found = service.call("ValidateStateMachineDefinition", body).await;
    assert_eq!(
        (&found["result"], &found["truncated"]),
        (&json!("FAIL"), &json!(false))
    );

    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "X",
        "Parameters": { "FunctionName": "f", "Payload.$": "$.a" }, "OutputPath": "$.Payload" });
    let body = json!({ "definition": state.to_string(), "roleArn": ROLE, "input": "{\"a\":[1]}" });
    let tested = service.call("TestState", body).await;
    assert_eq!(
        tested,
        json!({ "output": "{\"got\":[1]}", "nextState": "X", "status": "SUCCEEDED" })
    );
    assert_eq!(host.calls().len(), 1);
}

/// Every operation that is listed is known, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_operations_is_true() {
    let folder = Folder::new();
    let service = service(&folder).await;
    let mut sorted = states::OPERATIONS.to_vec();
    sorted.sort_unstable();
    assert_eq!(sorted, states::OPERATIONS);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for operation in states::OPERATIONS {
        let answer = service.try_call(operation, json!({ "maxResults": -1 })).await;
        assert_ne!(
            answer.unwrap_err().code,
            "UnknownOperationException",
            "{operation}"
        );
        assert!(
            readme.contains(&format!("`{operation}`")),
            "README.md does not tell of {operation}"
        );
    }
}
