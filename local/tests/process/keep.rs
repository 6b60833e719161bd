//! Backups, the lock, a graceful stop, bad requests.

use serde_json::Value;
use tests::Story;

use crate::pflow::{Folder, Pflow, command, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_under_load_is_restored_whole() {
    let folder = Folder::new();
    let data = folder.path("data");
    let mut pflow = Pflow::start(&data);
    pflow.ready().await;
    let story = Story::set_up_at(&pflow.client()).await;
    let before = story.submit(120.0).await;
    let ticket = story.ticket(&before).await;
    let task = story
        .task_of(&story.manager, ticket["id"].as_str().unwrap())
        .await;
    let load = {
        let requester = story.requester.clone();
        tokio::spawn(async move {
            let body = serde_json::json!({ "type": "expense", "title": "Taxi", "values": { "amount": 1 } });
            while requester.post("/tickets/submissions", body.clone()).await.status == 202 {}
        })
    };
    let backup = folder.path("backup");
    let made = run(&["backup", backup.to_str().unwrap()], &data);
    assert!(made.status.success(), "{made:?}");
    load.abort();
    let again = run(&["backup", backup.to_str().unwrap()], &data);
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("is there already"),
        "{again:?}"
    );
    assert!(pflow.stop());

    let restored = folder.path("restored");
    let into = run(&["restore", backup.to_str().unwrap()], &data);
    assert!(
        String::from_utf8_lossy(&into.stderr).contains("holds data already"),
        "{into:?}"
    );
    let into = run(&["restore", backup.to_str().unwrap()], &restored);
    assert!(into.status.success(), "{into:?}");
    let healthy = run(&["doctor"], &restored);
    assert!(healthy.status.success(), "{healthy:?}");
    let mut pflow = Pflow::start(&restored);
    pflow.ready().await;
    // Tokens are good here, too: the keys are part of the backup. What stood open goes on.
    let base = pflow.client();
    let manager = base.with_token(story.manager.token().unwrap());
    let body = serde_json::json!({ "outcome": "approve" });
    manager
        .post(&format!("/tasks/{task}/complete"), body)
        .await
        .data(200);
    let requester = base.with_token(story.requester.token().unwrap());
    let path = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    requester
        .until(&path, |ticket| ticket["status"] == "resolved")
        .await;
    assert!(pflow.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_has_the_folder() {
    let folder = Folder::new();
    let data = folder.path("data");
    let mut pflow = Pflow::start(&data);
    pflow.ready().await;
    let second = command(&["serve", "--port", "0", "--aws-port", "0"], &data)
        .output()
        .unwrap();
    assert!(!second.status.success());
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains("is used by another pflow"), "{told}");
    // The port is told, too, and before anything is made in the folder.
    let other = folder.path("other");
    let port = pflow.port.to_string();
    let taken = command(&["serve", "--port", &port, "--aws-port", "0"], &other)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&taken.stderr);
    assert!(told.contains(&format!("cannot listen on port {port}")), "{told}");
    assert!(pflow.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_found_at_the_start_and_by_the_doctor() {
    let folder = Folder::new();
    let data = folder.path("data");
    let mut pflow = Pflow::start(&data);
    pflow.ready().await;
    assert!(pflow.stop());
    std::fs::write(data.join("aws/services.db"), vec![7; 8192]).unwrap();
    // A log that was left would make it whole again.
    for log in ["aws/services.db-wal", "aws/services.db-shm"] {
        let _ = std::fs::remove_file(data.join(log));
    }
    let start = command(&["serve", "--port", "0", "--aws-port", "0"], &data)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&start.stderr);
    assert!(
        told.contains("services.db") && told.contains("restore it from a backup"),
        "{told}"
    );
    let doctor = run(&["doctor"], &data);
    let told = String::from_utf8_lossy(&doctor.stdout);
    assert!(
        !doctor.status.success() && told.contains("TROUBLE database aws/services.db"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_answered_as_aws_does() {
    let folder = Folder::new();
    let mut pflow = Pflow::start(&folder.path("data"));
    pflow.ready().await;
    let http = reqwest::Client::new();
    let url = format!("http://127.0.0.1:{}/", pflow.aws_port);
    let ask = async |target: &str, body: Vec<u8>| {
        let sent = http
            .post(&url)
            .header("authorization", "AWS4-HMAC-SHA256 x")
            .header("x-amz-target", target);
        let answer = sent
            .header("content-type", "application/x-amz-json-1.0")
            .body(body)
            .send()
            .await
            .unwrap();
        let id = answer.headers().get("x-amzn-requestid").is_some();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["__type"].as_str().unwrap().to_owned(), id)
    };
    for (target, body, expected) in [
        (
            "AmazonSQS.Nothing",
            "{}",
            "com.amazonaws.sqs#UnknownOperationException",
        ),
        (
            "AmazonSQS.SendMessage",
            "{",
            "com.amazonaws.sqs#SerializationException",
        ),
        (
            "AmazonSQS.SendMessage",
            "[]",
            "com.amazonaws.sqs#SerializationException",
        ),
        (
            "AmazonSQS.SendMessage",
            "{\"QueueUrl\": 7}",
            "com.amazonaws.sqs#SerializationException",
        ),
        ("AWSEvents.PutEvents", "", "SerializationException"),
        ("AWSStepFunctions.Nothing", "{}", "UnknownOperationException"),
        ("DynamoDB_20120810.Nothing", "{}", "UnknownOperationException"),
        ("Nobody.Nothing", "{}", "UnknownOperationException"),
    ] {
        let (status, code, id) = ask(target, body.as_bytes().to_vec()).await;
        assert_eq!(
            (status, code.as_str(), id),
            (400, expected, true),
            "{target} {body}"
        );
    }
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert_eq!(ask("AWSEvents.PutEvents", deep).await.0, 400);
    let (status, code, _) = ask("AmazonSQS.SendMessage", vec![b' '; 17 * 1024 * 1024]).await;
    assert_eq!((status, code.as_str()), (413, "RequestEntityTooLarge"));
    let unsigned = http
        .post(&url)
        .header("x-amz-target", "AmazonSQS.ListQueues")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status().as_u16(), 403);
    assert!(pflow.stop());
}
