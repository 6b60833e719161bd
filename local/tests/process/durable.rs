//! What was acknowledged is on the disk: between the last write of data and the answer there is a sync of that file. Shown
//! by the system calls of the process.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::pflow::{Folder, Pflow};
use crate::signed::{Aws, Service};
use crate::trace::{Verdict, judge};

/// What happens beside a call may be written just when it is answered; not each time.
const TRIES: usize = 10;

struct Traced {
    aws: Aws,
    port: u16,
    log: std::path::PathBuf,
    data: String,
    judged: usize,
}

impl Traced {
    /// Makes a call that changes something, until the trace shows that all of it was on the disk when it was answered.
    /// `call` is given a number, for names.
    async fn shows(&mut self, what: &str, call: impl AsyncFn(&Aws, usize) -> reqwest::Response) {
        let mut verdict = Verdict::NoAnswer;
        for n in 0..TRIES {
            let before = self.quiet().await;
            let answer = call(&self.aws, n).await;
            let status = answer.status();
            assert!(
                status.is_success(),
                "{what}: {status} {}",
                answer.text().await.unwrap()
            );
            self.quiet().await;
            let trace = std::fs::read(&self.log).unwrap();
            let trace = String::from_utf8_lossy(&trace[before..]).into_owned();
            verdict = judge(&trace, &self.data, self.port);
            if matches!(verdict, Verdict::Durable(files) if files > 0) {
                self.judged += 1;
                return;
            }
        }
        panic!("{what}: {verdict:?}");
    }

    /// Waits until the trace grows no more; gives its length.
    async fn quiet(&self) -> usize {
        let length = || usize::try_from(std::fs::metadata(&self.log).unwrap().len()).unwrap();
        let mut last = length();
        loop {
            tokio::time::sleep(Duration::from_millis(40)).await;
            let now = length();
            if now == last {
                return now;
            }
            last = now;
        }
    }
}

fn strace(data: &Path, log: &Path) -> Option<Command> {
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        eprintln!(
            "NOT CHECKED by its system calls that what is acknowledged is on the disk: there is no strace"
        );
        return None;
    }
    let calls =
        "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,syncfs,rename,renameat,renameat2";
    let mut command = Command::new("strace");
    command
        .args(["-f", "-yy", "-s", "16", "-e", calls, "-o"])
        .arg(log);
    command
        .arg(env!("CARGO_BIN_EXE_pflow"))
        .args(["serve", "--no-gateway"]);
    command.env("PFLOW_DATA", data).env_remove("AWS_ENDPOINT_URL");
    Some(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_was_synced_before() {
    let folder = Folder::new();
    let (data, log) = (folder.path("data"), folder.path("trace"));
    let Some(strace) = strace(&data, &log) else { return };
    let mut pflow = Pflow::start_command(strace, &data);
    pflow.aws_ready().await;
    let mut traced = Traced {
        aws: Aws::new(pflow.aws_port),
        port: pflow.aws_port,
        log,
        data: format!("{}/", data.display()),
        judged: 0,
    };
    dynamodb(&mut traced).await;
    sqs(&mut traced).await;
    states(&mut traced).await;
    events_and_schedules(&mut traced).await;
    objects(&mut traced).await;
    assert_eq!(traced.judged, 21);
    assert!(pflow.stop_child());
}

async fn dynamodb(traced: &mut Traced) {
    let table = |n: usize| {
        json!({
            "TableName": format!("tab{n}"), "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        })
    };
    let create = async |aws: &Aws, n| aws.json(Service::DynamoDb, "CreateTable", table(n)).await;
    traced.shows("CreateTable", create).await;
    let item = json!({ "TableName": "tab0", "Item": { "pk": { "S": "a" }, "n": { "N": "1" } } });
    let put = async |aws: &Aws, _| aws.json(Service::DynamoDb, "PutItem", item.clone()).await;
    traced.shows("PutItem", put).await;
    let update = async |aws: &Aws, n: usize| {
        let values = json!({ ":n": { "N": n.to_string() } });
        let body = json!({
            "TableName": "tab0", "Key": { "pk": { "S": "a" } }, "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": values,
        });
        aws.json(Service::DynamoDb, "UpdateItem", body).await
    };
    traced.shows("UpdateItem", update).await;
    let transact = async |aws: &Aws, n: usize| {
        let put = json!({ "TableName": "tab0", "Item": { "pk": { "S": format!("b{n}") } } });
        let body = json!({ "TransactItems": [{ "Put": put }] });
        aws.json(Service::DynamoDb, "TransactWriteItems", body).await
    };
    traced.shows("TransactWriteItems", transact).await;
    let batch = async |aws: &Aws, n: usize| {
        let put = json!({ "PutRequest": { "Item": { "pk": { "S": format!("c{n}") } } } });
        aws.json(
            Service::DynamoDb,
            "BatchWriteItem",
            json!({ "RequestItems": { "tab0": [put] } }),
        )
        .await
    };
    traced.shows("BatchWriteItem", batch).await;
    let delete = async |aws: &Aws, n: usize| {
        let body = json!({ "TableName": "tab0", "Key": { "pk": { "S": format!("b{n}") } } });
        aws.json(Service::DynamoDb, "DeleteItem", body).await
    };
    traced.shows("DeleteItem", delete).await;
}

async fn sqs(traced: &mut Traced) {
    let create = async |aws: &Aws, n: usize| {
        aws.json(
            Service::Sqs,
            "CreateQueue",
            json!({ "QueueName": format!("q{n}") }),
        )
        .await
    };
    traced.shows("CreateQueue", create).await;
    let url = "http://127.0.0.1/000000000000/q0";
    let message = json!({ "QueueUrl": url, "MessageBody": "m" });
    let send = async |aws: &Aws, _| aws.json(Service::Sqs, "SendMessage", message.clone()).await;
    traced.shows("SendMessage", send).await;
    // That it is hidden from others is a promise, too.
    let receive = json!({ "QueueUrl": url, "VisibilityTimeout": 0 });
    let receive = async |aws: &Aws, _| aws.json(Service::Sqs, "ReceiveMessage", receive.clone()).await;
    traced.shows("ReceiveMessage", receive).await;
    let delete = async |aws: &Aws, _| {
        aws.json(Service::Sqs, "SendMessage", message.clone()).await;
        let received = json!({ "QueueUrl": url, "VisibilityTimeout": 0 });
        let received = aws.json(Service::Sqs, "ReceiveMessage", received).await;
        let received: serde_json::Value = received.json().await.unwrap();
        let body = json!({ "QueueUrl": url, "ReceiptHandle": received["Messages"][0]["ReceiptHandle"] });
        aws.json(Service::Sqs, "DeleteMessage", body).await
    };
    traced.shows("DeleteMessage", delete).await;
}

async fn states(traced: &mut Traced) {
    let definition =
        json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 3600, "End": true } } });
    let create = async |aws: &Aws, n: usize| {
        let body = json!({
            "name": format!("m{n}"), "definition": definition.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r",
        });
        aws.json(Service::States, "CreateStateMachine", body).await
    };
    traced.shows("CreateStateMachine", create).await;
    let start = async |aws: &Aws, n: usize| {
        let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m0";
        let body = json!({ "stateMachineArn": machine, "name": format!("e{n}") });
        aws.json(Service::States, "StartExecution", body).await
    };
    traced.shows("StartExecution", start).await;
    let stop = async |aws: &Aws, n: usize| {
        start(aws, n + 100).await;
        let execution = format!("arn:aws:states:us-east-1:000000000000:execution:m0:e{}", n + 100);
        aws.json(
            Service::States,
            "StopExecution",
            json!({ "executionArn": execution }),
        )
        .await
    };
    traced.shows("StopExecution", stop).await;
}

async fn events_and_schedules(traced: &mut Traced) {
    let rule = async |aws: &Aws, n: usize| {
        let body = json!({ "Name": format!("r{n}"), "EventPattern": "{\"source\":[\"shop\"]}" });
        aws.json(Service::Events, "PutRule", body).await
    };
    traced.shows("PutRule", rule).await;
    let queue = "arn:aws:sqs:us-east-1:000000000000:q0";
    let targets = json!({ "Rule": "r0", "Targets": [{ "Id": "q", "Arn": queue }] });
    let targets = async |aws: &Aws, _| aws.json(Service::Events, "PutTargets", targets.clone()).await;
    traced.shows("PutTargets", targets).await;
    let event = json!({ "Entries": [{ "Source": "shop", "DetailType": "sold", "Detail": "{}" }] });
    let put = async |aws: &Aws, _| aws.json(Service::Events, "PutEvents", event.clone()).await;
    traced.shows("PutEvents", put).await;
    let schedule = json!({
        "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": queue, "RoleArn": "arn:aws:iam::000000000000:role/r" },
    });
    let create = async |aws: &Aws, n: usize| {
        aws.rest(
            "POST",
            "scheduler",
            &format!("/schedules/s{n}"),
            schedule.to_string().into(),
        )
        .await
    };
    traced.shows("CreateSchedule", create).await;
    let delete = async |aws: &Aws, n: usize| {
        create(aws, n + 100).await;
        aws.rest(
            "DELETE",
            "scheduler",
            &format!("/schedules/s{}", n + 100),
            Vec::new(),
        )
        .await
    };
    traced.shows("DeleteSchedule", delete).await;
}

async fn objects(traced: &mut Traced) {
    let bucket = async |aws: &Aws, n: usize| aws.rest("PUT", "s3", &format!("/bucket{n}"), Vec::new()).await;
    bucket(&traced.aws, 0).await;
    let put = async |aws: &Aws, n: usize| {
        aws.rest("PUT", "s3", &format!("/bucket0/k{n}"), vec![7; 100_000])
            .await
    };
    traced.shows("PutObject", put).await;
    let copy = async |aws: &Aws, n: usize| {
        put(aws, n + 100).await;
        aws.rest("PUT", "s3", &format!("/bucket0/k{}", n + 100), vec![8; 10])
            .await
    };
    traced.shows("PutObject in the place of another", copy).await;
    let large = async |aws: &Aws, n: usize| {
        aws.rest(
            "PUT",
            "s3",
            &format!("/bucket0/folder/{n}/large"),
            vec![9; 20_000_000],
        )
        .await
    };
    traced.shows("PutObject of 20 MB", large).await;
}
