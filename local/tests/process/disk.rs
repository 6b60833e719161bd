//! A disk without room: writes are refused and say why, reads go on, nothing that was acknowledged is lost, and all goes
//! on when there is room again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::Story;

use crate::pflow::{Folder, Pflow};
use crate::signed::{self, Aws, Service};

const QUEUE: &str = "http://127.0.0.1/000000000000/q";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

/// A file system of its own, in namespaces of its own, that go with it.
struct SmallDisk {
    holder: Child,
    path: PathBuf,
}

impl SmallDisk {
    /// `None`, and told, where the system does not allow it.
    fn new(folder: &Folder, megabytes: u32) -> Option<Self> {
        let path = folder.path("disk");
        std::fs::create_dir(&path).unwrap();
        let mount =
            format!("mount -t tmpfs -o size={megabytes}m small \"$0\" && echo ready && exec sleep 100000");
        let holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &mount])
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn();
        let ready = holder.ok().and_then(|mut holder| {
            let mut line = String::new();
            BufReader::new(holder.stdout.take().unwrap())
                .read_line(&mut line)
                .unwrap();
            (line == "ready\n").then_some(holder)
        });
        if ready.is_none() {
            eprintln!(
                "NOT CHECKED on a full disk: this system does not let a user mount one (`unshare -rm`)"
            );
        }
        ready.map(|holder| Self { holder, path })
    }

    /// A command that sees it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--preserve-credentials", "--user", "--mount", "--target"]);
        command.arg(self.holder.id().to_string()).arg(program);
        command
    }

    fn pflow(&self) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_pflow"));
        command
            .arg("serve")
            .env("PFLOW_DATA", self.data())
            .env_remove("AWS_ENDPOINT_URL");
        command
    }

    /// As its own commands see it.
    fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// As this process sees it.
    fn file(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.path.strip_prefix("/").unwrap()).join(name)
    }

    /// To the last byte.
    fn fill(&self) {
        let mut filler = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.file("filler"))
            .unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            let error = loop {
                if let Err(error) = filler.write_all(&vec![1; size]) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull);
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.file("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// What the services took, by what they are called here.
#[derive(Default)]
struct Taken(BTreeMap<&'static str, Vec<usize>>);

const WRITERS: [&str; 6] = [
    "PutItem",
    "SendMessage",
    "StartExecution",
    "CreateSchedule",
    "PutEvents",
    "PutObject",
];

fn filling(n: usize) -> String {
    format!("{n}-{}", "x".repeat(12_000))
}

async fn write(aws: &Aws, writer: &str, n: usize) -> reqwest::Response {
    match writer {
        "PutItem" => {
            let item = json!({ "pk": { "S": n.to_string() }, "v": { "S": filling(n) } });
            aws.json(
                Service::DynamoDb,
                writer,
                json!({ "TableName": "tab", "Item": item }),
            )
            .await
        }
        "SendMessage" => {
            let body = json!({ "QueueUrl": QUEUE, "MessageBody": filling(n) });
            aws.json(Service::Sqs, writer, body).await
        }
        "StartExecution" => {
            let input = json!({ "v": filling(n) }).to_string();
            let body = json!({ "stateMachineArn": MACHINE, "name": format!("e{n}"), "input": input });
            aws.json(Service::States, writer, body).await
        }
        "CreateSchedule" => {
            let target = json!({
                "Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": "arn:aws:iam::000000000000:role/r",
                "Input": filling(n),
            });
            let body = json!({
                "ScheduleExpression": "at(2099-01-01T00:00:00)", "FlexibleTimeWindow": { "Mode": "OFF" }, "Target": target,
            });
            aws.rest(
                "POST",
                "scheduler",
                &format!("/schedules/s{n}"),
                body.to_string().into(),
            )
            .await
        }
        "PutEvents" => {
            let entry = json!({ "Source": "shop", "DetailType": "sold", "Detail": json!({ "v": filling(n) }).to_string() });
            aws.json(Service::Events, writer, json!({ "Entries": [entry] }))
                .await
        }
        _ => {
            aws.rest("PUT", "s3", &format!("/bucket/k{n}"), filling(n).repeat(8).into())
                .await
        }
    }
}

async fn set_up(aws: &Aws) {
    let rule = json!({ "Name": "r", "EventPattern": "{\"source\":[\"shop\"]}" });
    let targets = json!({ "Rule": "r", "Targets": [{ "Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:events" }] });
    for (service, operation, body) in [
        (Service::DynamoDb, "CreateTable", signed::table()),
        (Service::Sqs, "CreateQueue", json!({ "QueueName": "q" })),
        (Service::Sqs, "CreateQueue", json!({ "QueueName": "events" })),
        (Service::States, "CreateStateMachine", signed::machine()),
        (Service::Events, "PutRule", rule),
        (Service::Events, "PutTargets", targets),
    ] {
        assert_eq!(
            aws.json(service, operation, body).await.status(),
            200,
            "{operation}"
        );
    }
    assert_eq!(aws.rest("PUT", "s3", "/bucket", Vec::new()).await.status(), 200);
}

/// Everything that was taken is there.
async fn audit(aws: &Aws, taken: &Taken) {
    let count = async |queue: &str| {
        let body = json!({
            "QueueUrl": format!("http://127.0.0.1/000000000000/{queue}"), "AttributeNames": ["ApproximateNumberOfMessages"],
        });
        let answer: Value = aws
            .json(Service::Sqs, "GetQueueAttributes", body)
            .await
            .json()
            .await
            .unwrap();
        let count = answer["Attributes"]["ApproximateNumberOfMessages"]
            .as_str()
            .unwrap();
        count.parse::<usize>().unwrap()
    };
    for (writer, numbers) in &taken.0 {
        match *writer {
            "SendMessage" => assert!(count("q").await >= numbers.len(), "messages are lost"),
            "PutEvents" => assert!(count("events").await >= numbers.len(), "events are lost"),
            _ => {
                for n in numbers {
                    let found = match *writer {
                        "PutItem" => {
                            let key = json!({ "TableName": "tab", "Key": { "pk": { "S": n.to_string() } } });
                            aws.json(Service::DynamoDb, "GetItem", key).await
                        }
                        "StartExecution" => {
                            let arn = format!("arn:aws:states:us-east-1:000000000000:execution:m:e{n}");
                            aws.json(
                                Service::States,
                                "DescribeExecution",
                                json!({ "executionArn": arn }),
                            )
                            .await
                        }
                        "CreateSchedule" => {
                            aws.rest("GET", "scheduler", &format!("/schedules/s{n}"), Vec::new())
                                .await
                        }
                        _ => aws.rest("GET", "s3", &format!("/bucket/k{n}"), Vec::new()).await,
                    };
                    assert_eq!(found.status(), 200, "{writer} {n} is lost");
                    let body = found.text().await.unwrap();
                    assert!(body.contains(&filling(*n)), "{writer} {n} is not whole");
                }
            }
        }
    }
}

/// Writes until there is no room any more; gives the answer to the last.
async fn write_until_refused(aws: &Aws, writer: &'static str, taken: &mut Taken) -> (u16, String) {
    let numbers = taken.0.entry(writer).or_default();
    for n in numbers.len()..2_000 {
        let answer = write(aws, writer, n).await;
        if !answer.status().is_success() {
            return (answer.status().as_u16(), answer.text().await.unwrap());
        }
        numbers.push(n);
    }
    panic!("{writer}: the disk takes everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_goes_on_when_there_is_room() {
    let folder = Folder::new();
    let Some(disk) = SmallDisk::new(&folder, 64) else {
        return;
    };
    let mut pflow = Pflow::start_command(disk.pflow(), &disk.data());
    pflow.ready().await;
    let story = Story::set_up_at(&pflow.client()).await;
    let ticket = story.ticket(&story.submit(120.0).await).await;
    let aws = Aws::new(pflow.aws_port);
    set_up(&aws).await;
    let mut taken = Taken::default();
    for writer in WRITERS {
        assert!(write(&aws, writer, 0).await.status().is_success(), "{writer}");
        taken.0.insert(writer, vec![0]);
    }
    let short = json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 2, "End": true } } });
    let machine = json!({
        "name": "short", "definition": short.to_string(), "roleArn": "arn:aws:iam::000000000000:role/r",
    });
    aws.json(Service::States, "CreateStateMachine", machine).await;
    let start = json!({ "stateMachineArn": MACHINE.replace(":m", ":short"), "name": "e" });
    aws.json(Service::States, "StartExecution", start).await;

    disk.fill();
    // Twice, since one service may free what another takes.
    for _ in 0..2 {
        for writer in WRITERS {
            let (status, body) = write_until_refused(&aws, writer, &mut taken).await;
            let expected = match writer {
                "PutItem" => (500, "InternalServerError"),
                "StartExecution" => (500, "InternalFailure"),
                "PutObject" => (500, "InternalError"),
                _ => (503, "ServiceUnavailable"),
            };
            assert!(
                status == expected.0 && body.contains(expected.1),
                "{writer}: {status} {body}"
            );
        }
    }
    // Whoever uses the platform is told, and can read.
    let body = json!({ "type": "expense", "title": "Taxi", "values": { "amount": 1 } });
    let refused = story.requester.post("/tickets/submissions", body).await;
    assert!(
        refused.status >= 500 && refused.body["error"]["code"].is_string(),
        "{}",
        refused.body
    );
    let path = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    story.requester.get(&path).await.data(200);
    audit(&aws, &taken).await;
    // Time for what is due to be refused as well.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let log = std::fs::read_to_string(disk.data().with_extension("log")).unwrap();
    assert!(log.contains("disk is full"), "{log}");
    assert!(!log.contains("panicked"), "{log}");

    disk.free();
    for writer in WRITERS {
        let n = taken.0[writer].len();
        let answer = write(&aws, writer, n).await;
        assert!(
            answer.status().is_success(),
            "{writer}: {}",
            answer.text().await.unwrap()
        );
        taken.0.get_mut(writer).unwrap().push(n);
    }
    until("the execution goes on", async || {
        let arn = "arn:aws:states:us-east-1:000000000000:execution:short:e";
        let found = aws
            .json(
                Service::States,
                "DescribeExecution",
                json!({ "executionArn": arn }),
            )
            .await;
        found.json::<Value>().await.unwrap()["status"] == "SUCCEEDED"
    })
    .await;
    let more = story.ticket(&story.submit(120.0).await).await;
    for ticket in [&ticket, &more] {
        let task = story
            .task_of(&story.manager, ticket["id"].as_str().unwrap())
            .await;
        let body = json!({ "outcome": "approve" });
        story
            .manager
            .post(&format!("/tasks/{task}/complete"), body)
            .await
            .data(200);
        story.resolved(ticket["id"].as_str().unwrap()).await;
    }
    audit(&aws, &taken).await;

    pflow.kill();
    let mut pflow = Pflow::start_command(disk.pflow(), &disk.data());
    pflow.ready().await;
    audit(&Aws::new(pflow.aws_port), &taken).await;
    // Nothing is left of the objects that were refused.
    let objects = std::fs::read_dir(disk.file("data/aws/objects")).unwrap();
    let left = objects.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".tmp.")
    });
    assert_eq!(left.count(), 0);
    assert!(pflow.stop());
}

async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is().await {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// It refuses to start, with this on its error output.
fn refuses(output: &Output, what: &str, folder: &Path) {
    let told = String::from_utf8_lossy(&output.stderr);
    let folder = folder.display().to_string();
    assert!(
        !output.status.success() && told.contains(what) && told.contains(&folder),
        "{told}"
    );
    assert!(!told.contains("panicked"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_or_read_only_is_said_at_the_start() {
    let folder = Folder::new();
    let Some(disk) = SmallDisk::new(&folder, 24) else {
        return;
    };
    let serve = || {
        disk.pflow()
            .args(["--port", "0", "--aws-port", "0"])
            .output()
            .unwrap()
    };
    disk.fill();
    refuses(&serve(), "there is no room for the data folder", &disk.data());
    disk.free();
    let mut pflow = Pflow::start_command(disk.pflow(), &disk.data());
    pflow.ready().await;
    assert!(pflow.stop());
    // With data in it, too.
    disk.fill();
    refuses(&serve(), "there is no room for the data folder", &disk.data());
    disk.free();
    let read_only = disk
        .command("mount")
        .args(["-o", "remount,ro"])
        .arg(&disk.path)
        .status();
    assert!(read_only.unwrap().success());
    refuses(
        &serve(),
        "cannot be written: give its owner the right to",
        &disk.data(),
    );
    let writable = disk
        .command("mount")
        .args(["-o", "remount,rw"])
        .arg(&disk.path)
        .status();
    assert!(writable.unwrap().success());
    let mut pflow = Pflow::start_command(disk.pflow(), &disk.data());
    pflow.ready().await;
    assert!(pflow.stop());
}
