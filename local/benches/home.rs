//! `cargo bench -p local --bench home`: what the one-machine home costs, measured at the process itself by the kernel's
//! accounting, with the load generator in another process. Prints a table for `docs/PERFORMANCE.md`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and prints its figures"
)]

#[path = "../tests/process/pflow.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod pflow;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use reqwest::Method;
use runtime::clients::{http_client, sdk_config};
use runtime::config::{Aws, SecretText};
use serde_json::{Value, json};
use tests::Story;

use pflow::{Folder, Pflow};

const STARTS: usize = 5;
const CALLERS: usize = 32;
const FOR: Duration = Duration::from_secs(3);
const INSTANCES: usize = 1000;

#[tokio::main]
async fn main() {
    println!("| measured | figure |\n|---|---|");
    starts().await;
    let folder = Folder::new();
    let mut pflow = Pflow::start(&folder.path("data"));
    pflow.ready().await;
    operations(&pflow).await;
    instances(&pflow).await;
    assert!(pflow.stop());
}

async fn starts() {
    let (mut times, mut resident) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let folder = Folder::new();
        let started = Instant::now();
        let mut pflow = Pflow::start(&folder.path("data"));
        pflow.ready().await;
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_secs(3)).await;
        let before = cpu_of(&pflow);
        tokio::time::sleep(Duration::from_secs(2)).await;
        resident.push((resident_kib(&pflow), (cpu_of(&pflow) - before) / 2));
    }
    times.sort();
    resident.sort();
    let (memory, cpu) = resident.get(STARTS / 2).unwrap();
    println!(
        "| start to ready, empty folder, median of {STARTS} | {} ms |",
        times.get(STARTS / 2).unwrap().as_millis()
    );
    println!("| resident at idle | {} MiB |", memory / 1024);
    println!("| CPU at idle | {:.1} ms a second |", cpu.as_secs_f64() * 1000.0);
}

/// Calls of one kind by many callers at once; prints how many a second, and the process's CPU for each.
async fn measure<F, A>(what: &str, pflow: &Pflow, call: F)
where
    F: Fn(usize) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = usize> + Send,
{
    let (count, started, cpu) = (Arc::new(AtomicUsize::new(0)), Instant::now(), cpu_of(pflow));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (call, count) = (call.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                for n in 0.. {
                    if started.elapsed() > FOR {
                        return;
                    }
                    let done = call(n * CALLERS + caller).await;
                    count.fetch_add(done, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    report(
        what,
        count.load(Ordering::Relaxed),
        started.elapsed(),
        cpu_of(pflow) - cpu,
    );
}

fn report(what: &str, count: usize, took: Duration, cpu: Duration) {
    let each = u32::try_from(count.max(1)).unwrap();
    let rate = f64::from(each) / took.as_secs_f64();
    println!(
        "| {what} | {rate:.0} a second, {} µs CPU each |",
        (cpu / each).as_micros()
    );
}

async fn operations(pflow: &Pflow) {
    let aws = Aws {
        region: "us-east-1".to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: SecretText("test".to_owned()),
        session_token: None,
        endpoint_url: Some(format!("http://127.0.0.1:{}", pflow.aws_port)),
    };
    let config = sdk_config(&aws, http_client());
    let db = aws_sdk_dynamodb::Client::new(&config);
    let key = KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(KeyType::Hash)
        .build();
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S)
        .build();
    let create = db
        .create_table()
        .table_name("bench")
        .billing_mode(BillingMode::PayPerRequest);
    let create = create
        .key_schema(key.unwrap())
        .attribute_definitions(attribute.unwrap());
    create.send().await.unwrap();
    let text = |n: usize| AttributeValue::S(format!("key-{n}"));
    let client = db.clone();
    measure(
        "PutItem of 400 B, 32 callers over TCP, durable",
        pflow,
        move |n| {
            let put = client.put_item().table_name("bench").item("pk", text(n));
            let put = put.item("text", AttributeValue::S("x".repeat(400)));
            async move { put.send().await.map(|_| 1).unwrap() }
        },
    )
    .await;
    measure("GetItem of 400 B", pflow, move |n| {
        let get = db.get_item().table_name("bench").key("pk", text(n % 1000));
        async move { get.send().await.map(|_| 1).unwrap() }
    })
    .await;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs
        .create_queue()
        .queue_name("bench")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    let (client, to) = (sqs.clone(), url.clone());
    measure("SendMessage of 400 B, durable", pflow, move |_| {
        let send = client.send_message().queue_url(&to).message_body("x".repeat(400));
        async move { send.send().await.map(|_| 1).unwrap() }
    })
    .await;
    measure(
        "ReceiveMessage of 10 and DeleteMessageBatch, per message",
        pflow,
        move |_| {
            let (sqs, url) = (sqs.clone(), url.clone());
            async move { receive(&sqs, &url).await }
        },
    )
    .await;
}

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str) -> usize {
    use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry as Entry;
    let got = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    let entries = got.messages().iter().enumerate().map(|(n, message)| {
        let entry = Entry::builder().id(n.to_string());
        entry
            .set_receipt_handle(message.receipt_handle.clone())
            .build()
            .unwrap()
    });
    let entries: Vec<_> = entries.collect();
    let count = entries.len();
    if count > 0 {
        sqs.delete_message_batch()
            .queue_url(url)
            .set_entries(Some(entries))
            .send()
            .await
            .unwrap();
    }
    count
}

/// Expense approvals: submitted, one human task, one choice, a payment, end; all by the API.
async fn instances(pflow: &Pflow) {
    let story = Story::set_up_at(&pflow.client()).await;
    let body = json!({ "type": "expense", "title": "Taxi", "values": { "amount": 120 } });
    let (cpu, started) = (cpu_of(pflow), Instant::now());
    let submissions: Vec<_> = (0..16)
        .map(|_| {
            let (requester, body) = (story.requester.clone(), body.clone());
            tokio::spawn(async move {
                for _ in 0..INSTANCES.div_ceil(16) {
                    requester
                        .post("/tickets/submissions", body.clone())
                        .await
                        .data(202);
                }
            })
        })
        .collect();
    for submission in submissions {
        submission.await.unwrap();
    }
    let mut voted = 0;
    while voted < INSTANCES {
        let list = story
            .manager
            .request(Method::GET, "/tasks?view=todo&limit=100")
            .send()
            .await
            .unwrap();
        let list: Value = list.json().await.unwrap();
        let items = list
            .pointer("/data/items")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let votes: Vec<_> = items
            .iter()
            .filter_map(|item| item.get("id")?.as_str().map(str::to_owned))
            .map(|task| {
                let manager = story.manager.clone();
                tokio::spawn(async move {
                    let path = format!("/tasks/{task}/complete");
                    usize::from(manager.post(&path, json!({ "outcome": "approve" })).await.status == 200)
                })
            })
            .collect();
        for vote in votes {
            voted += vote.await.unwrap();
        }
    }
    // The last ones are on their way to their end.
    tokio::time::sleep(Duration::from_secs(1)).await;
    report(
        "expense approvals, all functions included, durable",
        INSTANCES,
        started.elapsed() - Duration::from_secs(1),
        cpu_of(pflow) - cpu,
    );
    println!(
        "| resident after {INSTANCES} approvals | {} MiB |",
        resident_kib(pflow) / 1024
    );
}

/// User and system time, as the kernel counts it.
fn cpu_of(pflow: &Pflow) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pflow.id())).unwrap();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(2);
    Duration::from_millis(fields.map(|field| field.parse::<u64>().unwrap() * 10).sum())
}

fn resident_kib(pflow: &Pflow) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pflow.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
