//! Many clients at a time: silent ones, slow ones, ones that never read, ones that send too much. Others are answered all the
//! same, and the memory of the process stays within bounds.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::pflow::{Folder, Pflow};
use crate::signed::{Aws, Service};

const MANY: usize = 10_000;
const SLOW: usize = 200;
const DEAF: usize = 100;
/// What the server waits for the next bytes, and then some.
const PATIENCE: Duration = Duration::from_secs(36);
/// MiB that all of them together may cost: what bodies may take, as much again of what the allocator keeps of those that
/// are gone, and what connections do.
const MOST: u64 = 128 + 128 + 200;

/// As many open files as the system allows; whether they are enough.
fn many_files() -> bool {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, most).unwrap();
    let enough = limit
        .maximum
        .is_none_or(|most| most >= u64::try_from(MANY).unwrap() + 4_000);
    if !enough {
        eprintln!(
            "NOT CHECKED with {MANY} connections: the system allows {:?} open files",
            limit.maximum
        );
    }
    enough
}

/// MiB of a process, and the most that they were.
fn resident(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Somebody who behaves is answered soon, by both. The first answer may be that it has too much to do just now.
async fn others_are_answered(pflow: &Pflow, aws: &Aws) {
    let started = Instant::now();
    pflow.client().until("/healthz", |_| true).await;
    let message = json!({ "QueueUrl": "http://x/000000000000/q", "MessageBody": "m" });
    assert_eq!(aws.json(Service::Sqs, "SendMessage", message).await.status(), 200);
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
}

/// Whether the other side has closed it, however much comes before.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = vec![0; 1 << 16];
    loop {
        match tokio::time::timeout(Duration::from_secs(2), stream.read(&mut bytes)).await {
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
            Err(_) => return false,
        }
    }
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

const HEAD: &str = "POST / HTTP/1.1\r\nhost: x\r\nauthorization: AWS4-HMAC-SHA256 x\r\n";

/// A byte a second, of a head or of a body; gives how long that went well.
async fn dribble(port: u16, body: bool) -> Duration {
    let mut stream = connect(port).await;
    let begin = if body {
        format!("{HEAD}x-amz-target: AmazonSQS.ListQueues\r\ncontent-length: 1000\r\n\r\n")
    } else {
        String::new()
    };
    stream.write_all(begin.as_bytes()).await.unwrap();
    let started = Instant::now();
    for byte in HEAD.bytes().cycle() {
        let sent = stream.write_all(&[byte]).await;
        let mut answer = [0; 1];
        let answered = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut answer)).await;
        if sent.is_err() || answered.is_ok() {
            break;
        }
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_do_not_stop_others() {
    if !many_files() {
        return;
    }
    let folder = Folder::new();
    let mut pflow = Pflow::start(&folder.path("data"));
    pflow.ready().await;
    let aws = Aws::new(pflow.aws_port);
    aws.json(Service::Sqs, "CreateQueue", json!({ "QueueName": "q" }))
        .await;
    large_table(&aws).await;
    let (before, _) = resident(pflow.id());

    let mut slow = JoinSet::new();
    for n in 0..SLOW {
        slow.spawn(dribble(pflow.aws_port, n % 2 == 0));
    }
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        let mut stream = connect(pflow.aws_port).await;
        // More answers than the system takes for us.
        let scan = "{\"TableName\":\"large\"}";
        let length = scan.len();
        let request =
            format!("{HEAD}x-amz-target: DynamoDB_20120810.Scan\r\ncontent-length: {length}\r\n\r\n{scan}");
        stream.write_all(request.repeat(12).as_bytes()).await.unwrap();
        deaf.push(stream);
    }
    let mut silent = Vec::new();
    for n in 0..MANY - SLOW - DEAF {
        silent.push(connect(if n % 2 == 0 { pflow.port } else { pflow.aws_port }).await);
    }
    let opened = Instant::now();
    others_are_answered(&pflow, &aws).await;
    let (with_all, _) = resident(pflow.id());
    while opened.elapsed() < PATIENCE {
        others_are_answered(&pflow, &aws).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (_, most) = resident(pflow.id());
    println!("{MANY} connections: {before} MiB before, {with_all} with all, at most {most}");
    assert!(most < before + MOST, "{before} MiB before, {most} with all");
    // All of them were cut off.
    while let Some(went) = slow.join_next().await {
        let went = went.unwrap();
        assert!(went < 2 * PATIENCE, "{went:?}");
    }
    for stream in silent.iter_mut().step_by(500).chain(deaf.iter_mut().step_by(10)) {
        assert!(is_closed(stream).await);
    }
    assert!(pflow.stop());
}

/// So that a scan gives nearly a mebibyte.
async fn large_table(aws: &Aws) {
    let table = json!({
        "TableName": "large", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
    });
    aws.json(Service::DynamoDb, "CreateTable", table).await;
    for n in 0..3 {
        let item = json!({ "pk": { "S": n.to_string() }, "v": { "S": "x".repeat(330_000) } });
        let put = aws
            .json(
                Service::DynamoDb,
                "PutItem",
                json!({ "TableName": "large", "Item": item }),
            )
            .await;
        assert_eq!(put.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_take_no_more_memory_than_there_is_for_them() {
    let folder = Folder::new();
    let mut pflow = Pflow::start(&folder.path("data"));
    pflow.ready().await;
    let aws = Aws::new(pflow.aws_port);
    aws.json(Service::Sqs, "CreateQueue", json!({ "QueueName": "q" }))
        .await;
    let (before, _) = resident(pflow.id());
    let megabytes = 15;
    let mut senders = JoinSet::new();
    for _ in 0..60 {
        let port = pflow.aws_port;
        senders.spawn(async move {
            let mut stream = connect(port).await;
            let length = (megabytes << 20) + 1;
            let head =
                format!("{HEAD}x-amz-target: AmazonSQS.ListQueues\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            // All but the last byte, or until it is refused.
            for _ in 0..megabytes {
                if stream.write_all(&vec![b' '; 1 << 20]).await.is_err() {
                    break;
                }
            }
            let mut answer = vec![0; 12];
            let read = stream.read_exact(&mut answer);
            let read = tokio::time::timeout(Duration::from_secs(10), read).await;
            // Answered, or closed; else kept open until all have come this far.
            if read.as_ref().is_ok_and(Result::is_ok) {
                // On a busy machine some may also have been too slow.
                let answer = String::from_utf8_lossy(&answer);
                assert!(["HTTP/1.1 503", "HTTP/1.1 408"].contains(&&*answer), "{answer}");
            }
            (stream, read.is_ok())
        });
    }
    let mut held = Vec::new();
    while let Some(sender) = senders.join_next().await {
        held.push(sender.unwrap());
        others_are_answered(&pflow, &aws).await;
    }
    let refused = held.iter().filter(|(_, refused)| *refused).count();
    let (_, most) = resident(pflow.id());
    println!("60 bodies of {megabytes} MiB: {before} MiB before, at most {most}; {refused} refused");
    // Eight of them have room.
    assert!((52..=60).contains(&refused), "{refused}");
    assert!(most < before + MOST, "{before} MiB before, {most} with all");
    // Those who gave up have made room.
    drop(held);
    let message = "x".repeat(900_000);
    for _ in 0..50 {
        let body = json!({ "QueueUrl": "http://x/000000000000/q", "MessageBody": message });
        if aws.json(Service::Sqs, "SendMessage", body).await.status() == 200 {
            assert!(pflow.stop());
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there is no room any more");
}
