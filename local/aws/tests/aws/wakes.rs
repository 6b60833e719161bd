//! Whoever waits is woken: no message stands in a queue while somebody waits for it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws::dynamodb::Position;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use tokio::task::JoinSet;

use crate::home::TestHome;

/// What a busy machine may need; far less than a receiver waits.
const SOON: Duration = Duration::from_secs(5);
const QUEUES: u64 = 12;
const MESSAGES: u64 = 60;

/// Numbers that look random; the same each time.
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, limit: u64) -> u64 {
        let mut x = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % limit
    }

    async fn pause(&self, most: u64) {
        tokio::time::sleep(Duration::from_micros(self.below(most * 1000))).await;
    }
}

async fn create(client: &Client, name: &str, attributes: &[(Attribute, String)]) -> String {
    let attributes = attributes.iter().cloned().collect();
    let created = client
        .create_queue()
        .queue_name(name)
        .set_attributes(Some(attributes));
    created.send().await.unwrap().queue_url.unwrap()
}

async fn receive(client: &Client, url: &str) -> Vec<(String, String)> {
    let received = client
        .receive_message()
        .queue_url(url)
        .wait_time_seconds(20)
        .max_number_of_messages(3);
    let messages = received.send().await.unwrap().messages.unwrap_or_default();
    let told =
        |message: aws_sdk_sqs::types::Message| (message.body.unwrap(), message.receipt_handle.unwrap());
    messages.into_iter().map(told).collect()
}

/// A queue with its dead letters, senders and receivers that also fail, under load of the other queues.
async fn busy_queue(client: Client, dice: Arc<Dice>, number: u64) -> Duration {
    let dead = create(&client, &format!("dead-{number}"), &[]).await;
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:dead-{number}");
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
    let attributes = [
        (Attribute::VisibilityTimeout, "1".to_owned()),
        (Attribute::RedrivePolicy, redrive),
    ];
    let url = create(&client, &format!("busy-{number}"), &attributes).await;
    // Of each message: since when it can be received.
    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen: Arc<Mutex<HashSet<String>>> = Arc::default();
    let slowest: Arc<Mutex<Duration>> = Arc::default();
    let mut tasks = JoinSet::new();
    for queue in [&url, &url, &dead] {
        let (client, queue) = (client.clone(), queue.clone());
        let (sent, seen, slowest) = (Arc::clone(&sent), Arc::clone(&seen), Arc::clone(&slowest));
        let is_dead = queue == dead;
        tasks.spawn(async move {
            while seen.lock().unwrap().len() < usize::try_from(MESSAGES).unwrap() {
                for (body, receipt) in receive(&client, &queue).await {
                    let n: usize = body.parse().unwrap();
                    if !seen.lock().unwrap().contains(&body) {
                        let waited = sent.lock().unwrap()[n].elapsed();
                        // What failed before was hidden for up to a second, twice.
                        let waited = waited.saturating_sub(Duration::from_secs(if is_dead { 2 } else { 0 }));
                        let mut slowest = slowest.lock().unwrap();
                        *slowest = waited.max(*slowest);
                    }
                    if n.is_multiple_of(5) && !is_dead {
                        // It becomes a dead letter: by waiting, or at once.
                        if n.is_multiple_of(2) {
                            let hidden = client.change_message_visibility().queue_url(&queue);
                            let hidden = hidden.receipt_handle(receipt).visibility_timeout(0);
                            hidden.send().await.unwrap();
                        }
                        continue;
                    }
                    seen.lock().unwrap().insert(body);
                    let deleted = client.delete_message().queue_url(&queue).receipt_handle(receipt);
                    deleted.send().await.unwrap();
                }
                // The others wait until their time is over: they need not be told.
                if seen.lock().unwrap().len() == usize::try_from(MESSAGES).unwrap() {
                    return;
                }
            }
        });
    }
    for n in 0..MESSAGES {
        dice.pause(40).await;
        let delay = i32::try_from(dice.below(8)).unwrap() / 7;
        let at = Instant::now() + Duration::from_secs(u64::try_from(delay).unwrap());
        sent.lock().unwrap().push(at);
        let message = client.send_message().queue_url(&url).message_body(n.to_string());
        message.delay_seconds(delay).send().await.unwrap();
    }
    while seen.lock().unwrap().len() < usize::try_from(MESSAGES).unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let slowest = *slowest.lock().unwrap();
        assert!(slowest < SOON, "queue {number}: received after {slowest:?}");
    }
    tasks.abort_all();
    *slowest.lock().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_message_is_received_soon_under_load() {
    let home = TestHome::in_time();
    let client = Client::new(&home.config());
    let dice = Arc::new(Dice(AtomicU64::new(7)));
    let mut queues = JoinSet::new();
    for number in 0..QUEUES {
        queues.spawn(busy_queue(client.clone(), Arc::clone(&dice), number));
    }
    while let Some(slowest) = queues.join_next().await {
        let slowest = slowest.unwrap();
        assert!(slowest < SOON, "received after {slowest:?}");
    }
    drop(client);
    home.done();
}

/// Lets a call go on for a few turns, then goes away.
async fn go_away(turns: u64, call: impl Future) {
    let mut call = Box::pin(call);
    for _ in 0..turns {
        tokio::select! {
            biased;
            _ = &mut call => return,
            () = tokio::time::sleep(Duration::from_micros(60)) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_by_who_has_gone_away_is_received_at_once() {
    let home = TestHome::in_time();
    let client = Client::new(&home.config());
    let url = create(&client, "left", &[]).await;
    let done = Arc::new(AtomicBool::new(false));
    let (found, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let receiver = tokio::spawn({
        let (client, url, done) = (client.clone(), url.clone(), Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                for (body, receipt) in receive(&client, &url).await {
                    found.send(body).unwrap();
                    let deleted = client.delete_message().queue_url(&url).receipt_handle(receipt);
                    deleted.send().await.unwrap();
                }
            }
        }
    });
    let mut received = 0;
    for n in 0..150 {
        let message = client.send_message().queue_url(&url).message_body(n.to_string());
        go_away(n % 15, message.send()).await;
        // It was sent or not; if it was, somebody waits for it.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let counted = client.get_queue_attributes().queue_url(&url);
        let counted = counted.attribute_names(Attribute::ApproximateNumberOfMessages);
        let counted = counted.send().await.unwrap().attributes.unwrap();
        if counted[&Attribute::ApproximateNumberOfMessages] != "0" {
            let body = tokio::time::timeout(SOON, arrived.recv()).await;
            body.unwrap_or_else(|_| panic!("message {n} stands there, and nobody was told"));
            received += 1;
        }
        while arrived.try_recv().is_ok() {
            received += 1;
        }
    }
    assert!((20..150).contains(&received), "{received} were sent");
    receiver.abort();
    let _ = receiver.await;
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_made_by_two_at_once_is_one() {
    let home = TestHome::in_time();
    let client = Client::new(&home.config());
    for n in 0..40 {
        let name = format!("twice-{n}");
        let mut made = JoinSet::new();
        for _ in 0..8 {
            let (client, name) = (client.clone(), name.clone());
            made.spawn(async move {
                let url = create(&client, &name, &[]).await;
                tokio::time::timeout(SOON, receive(&client, &url)).await
            });
        }
        let url = create(&client, &name, &[]).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        for _ in 0..8 {
            client
                .send_message()
                .queue_url(&url)
                .message_body("m")
                .send()
                .await
                .unwrap();
            // One each.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut received = 0;
        while let Some(one) = made.join_next().await {
            received += one.unwrap().map_or(0, |messages| messages.len());
            if received == 8 {
                break;
            }
        }
        assert_eq!(
            received, 8,
            "{name}: somebody waits at another queue of this name"
        );
    }
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_delivery_is_received_at_once() {
    let home = TestHome::in_time();
    let client = Client::new(&home.config());
    let scheduler = aws_sdk_scheduler::Client::new(&home.config());
    let url = create(&client, "undeliverable", &[]).await;
    let running = tokio::spawn({
        let home = home.home.clone();
        async move { home.run().await }
    });
    let waits = tokio::spawn({
        let (client, url) = (client.clone(), url.clone());
        async move { receive(&client, &url).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    use aws_sdk_scheduler::types::{
        DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
    };
    let window = FlexibleTimeWindow::builder()
        .mode(FlexibleTimeWindowMode::Off)
        .build()
        .unwrap();
    let dead = DeadLetterConfig::builder()
        .arn("arn:aws:sqs:us-east-1:000000000000:undeliverable")
        .build();
    let target = Target::builder()
        .arn("arn:aws:lambda:us-east-1:000000000000:function:nobody")
        .role_arn("arn:aws:iam::000000000000:role/r")
        .input("dead")
        .retry_policy(RetryPolicy::builder().maximum_retry_attempts(0).build())
        .dead_letter_config(dead)
        .build()
        .unwrap();
    let schedule = scheduler
        .create_schedule()
        .name("once")
        .schedule_expression("at(2020-01-01T00:00:00)");
    schedule
        .flexible_time_window(window)
        .target(target)
        .send()
        .await
        .unwrap();
    let received = tokio::time::timeout(SOON, waits).await;
    let received = received
        .expect("the dead letter is there, and nobody was told")
        .unwrap();
    assert_eq!(received[0].0, "dead");
    running.abort();
    let _ = running.await;
    drop((client, scheduler));
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_stream_learns_of_every_write_also_when_the_writer_has_gone_away() {
    let home = TestHome::in_time();
    let client = aws_sdk_dynamodb::Client::new(&home.config());
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .unwrap();
    let key = KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(KeyType::Hash)
        .build();
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S)
        .build();
    let table = client
        .create_table()
        .table_name("followed")
        .key_schema(key.unwrap())
        .attribute_definitions(attribute.unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream);
    table.send().await.unwrap();
    let mut position = Position::default();
    let mut written = 0;
    for n in 0..150u64 {
        let followed = tokio::spawn({
            let home = home.home.clone();
            async move { home.follow_stream("followed", position, 10).await }
        });
        tokio::time::sleep(Duration::from_millis(2)).await;
        let item = client
            .put_item()
            .table_name("arn:aws:dynamodb:us-east-1:000000000000:table/followed");
        let item = if n.is_multiple_of(2) {
            item.table_name("followed")
        } else {
            item
        };
        let key = AttributeValue::S(n.to_string());
        go_away(n % 15, item.item("pk", key.clone()).send()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let there = client
            .get_item()
            .table_name("followed")
            .key("pk", key)
            .consistent_read(true);
        if there.send().await.unwrap().item.is_none() {
            followed.abort();
            continue;
        }
        let records = tokio::time::timeout(SOON, followed).await;
        let records = records.unwrap_or_else(|_| panic!("write {n} was not told"));
        position = records.unwrap().unwrap().position;
        written += 1;
    }
    assert!((20..150).contains(&written), "{written} were written");
    drop(client);
    home.done();
}
