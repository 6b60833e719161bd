//! `cargo bench -p local --bench home`: what the one-machine home costs, measured at the process itself by the kernel's
//! accounting, with the load generator in another process. Prints a table for `docs/PERFORMANCE.md`.
//!
//! With `PFLOW_PEERS` (the folder of a Python with viewflow and SpiffWorkflow) and `PFLOW_MINISTACK` (the URL of a running
//! MiniStack), as `cargo xtask bench` sets them, also what approvals cost there.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on panics, prints its figures, and has variables of its own"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use runtime::clients::{http_client, sdk_config};
use serde_json::Value;

use support::pflow::{self, Folder, Pflow};
use support::{approvals, cpu_of, resident_mib, settled};

const STARTS: usize = 5;
const CALLERS: usize = 32;
const FOR: Duration = Duration::from_secs(3);
const INSTANCES: usize = 2000;
/// Where each takes much longer.
const INSTANCES_ELSEWHERE: usize = 300;
const INSTANCES_ON_MINISTACK: usize = 60;

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
    peers();
    ministack().await;
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
        let before = cpu_of(pflow.id());
        tokio::time::sleep(Duration::from_secs(2)).await;
        resident.push((resident_mib(pflow.id()), (cpu_of(pflow.id()) - before) / 2));
    }
    times.sort();
    resident.sort();
    let (memory, cpu) = resident.get(STARTS / 2).unwrap();
    println!(
        "| start to ready, empty folder, median of {STARTS} | {} ms |",
        times.get(STARTS / 2).unwrap().as_millis()
    );
    println!("| resident at idle | {} MiB |", memory);
    println!("| CPU at idle | {:.1} ms a second |", cpu.as_secs_f64() * 1000.0);
}

/// Calls of one kind by many callers at once; prints how many a second, and the process's CPU for each.
async fn measure<F, A>(what: &str, pflow: &Pflow, call: F)
where
    F: Fn(usize) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = usize> + Send,
{
    let (count, started, cpu) = (Arc::new(AtomicUsize::new(0)), Instant::now(), cpu_of(pflow.id()));
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
        cpu_of(pflow.id()) - cpu,
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
    let aws = tests::aws_at(&format!("http://127.0.0.1:{}", pflow.aws_port), "us-east-1");
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

/// Approvals, all functions included, durable.
async fn instances(pflow: &Pflow) {
    let story = approvals::set_up(&pflow.client()).await;
    // What is read once and kept is not part of an instance.
    approve(pflow, &story, 100).await;
    let (cpu, started) = (cpu_of(pflow.id()), Instant::now());
    let ended = approve(pflow, &story, INSTANCES).await;
    report(
        "approvals, all functions included, durable",
        INSTANCES,
        ended - started,
        cpu_of(pflow.id()) - cpu,
    );
    println!(
        "| resident after {INSTANCES} approvals | {} MiB |",
        resident_mib(pflow.id())
    );
    let resolved = approvals::tickets(&story, |ticket| ticket["status"] == "resolved").await;
    assert_eq!(resolved, INSTANCES + 100);
}

/// Says when the last one had ended.
async fn approve(pflow: &Pflow, story: &tests::Story, count: usize) -> Instant {
    approvals::submit(story, count).await;
    approvals::decide(story, count).await;
    settled(pflow.id()).await
}

/// The same by programs of others, which tell their own figures.
fn peers() {
    let Ok(programs) = std::env::var("PFLOW_PEERS") else {
        return println!("| other programs | not measured: PFLOW_PEERS is not set |");
    };
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");
    for (name, script) in [
        ("viewflow on SQLite", "approvals_viewflow.py"),
        ("SpiffWorkflow, its JSON in SQLite", "approvals_spiff.py"),
    ] {
        let folder = Folder::new();
        let data = folder.path("peer");
        std::fs::create_dir(&data).unwrap();
        let ran = std::process::Command::new(format!("{programs}/python"))
            .arg(format!("{scripts}/{script}"))
            .arg(&data)
            .arg(INSTANCES_ELSEWHERE.to_string())
            .stderr(std::process::Stdio::inherit())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{script}");
        let figures: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let seconds = |name: &str| Duration::from_secs_f64(figures[name].as_f64().unwrap());
        report(
            &format!("approvals by {name}"),
            INSTANCES_ELSEWHERE,
            seconds("wall_seconds"),
            seconds("cpu_seconds"),
        );
    }
}

/// The same functions with MiniStack as their AWS endpoint. The CPU is the gateway's alone.
async fn ministack() {
    let Ok(url) = std::env::var("PFLOW_MINISTACK") else {
        return println!("| approvals on MiniStack | not measured: PFLOW_MINISTACK is not set |");
    };
    let folder = Folder::new();
    let data = folder.path("data");
    let mut command = pflow::command(&["serve", "--endpoint", &url], &data);
    command.env("PFLOW_PREFIX", "bench-");
    let mut pflow = Pflow::start_command(command, &data);
    pflow.ready().await;
    let story = approvals::set_up(&pflow.client()).await;
    let (cpu, started) = (cpu_of(pflow.id()), Instant::now());
    approvals::submit(&story, INSTANCES_ON_MINISTACK).await;
    approvals::decide(&story, INSTANCES_ON_MINISTACK).await;
    let ended = Instant::now();
    let used = cpu_of(pflow.id()) - cpu;
    report(
        "approvals on MiniStack (CPU of the gateway alone)",
        INSTANCES_ON_MINISTACK,
        ended - started,
        used,
    );
}
