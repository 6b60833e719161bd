//! SQS: what senders and receivers may rely on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName as System, QueueAttributeName as Attribute,
    SendMessageBatchRequestEntry,
};

use crate::home::TestHome;

type Attributes<'a> = &'a [(Attribute, &'a str)];

async fn create(client: &Client, name: &str, attributes: Attributes<'_>) -> String {
    let attributes: HashMap<_, _> = attributes
        .iter()
        .map(|(k, v)| (k.clone(), (*v).to_owned()))
        .collect();
    let created = client
        .create_queue()
        .queue_name(name)
        .set_attributes(Some(attributes))
        .send()
        .await;
    created.unwrap().queue_url.unwrap()
}

async fn send(client: &Client, url: &str, body: &str) {
    client
        .send_message()
        .queue_url(url)
        .message_body(body)
        .send()
        .await
        .unwrap();
}

async fn send_fifo(client: &Client, url: &str, group: &str, body: &str) -> String {
    let sent = client
        .send_message()
        .queue_url(url)
        .message_body(body)
        .message_group_id(group);
    sent.send().await.unwrap().message_id.unwrap()
}

/// Body, receipt and how often it was received.
async fn receive(client: &Client, url: &str) -> Vec<(String, String, String)> {
    let received = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .message_system_attribute_names(System::All)
        .send()
        .await
        .unwrap();
    let messages = received.messages.unwrap_or_default().into_iter().map(|message| {
        let count = message.attributes.unwrap()[&System::ApproximateReceiveCount].clone();
        (message.body.unwrap(), message.receipt_handle.unwrap(), count)
    });
    messages.collect()
}

async fn bodies(client: &Client, url: &str) -> Vec<String> {
    receive(client, url)
        .await
        .into_iter()
        .map(|(body, ..)| body)
        .collect()
}

async fn counts(client: &Client, url: &str) -> [String; 3] {
    let names = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesNotVisible,
        Attribute::ApproximateNumberOfMessagesDelayed,
    ];
    let got = client
        .get_queue_attributes()
        .queue_url(url)
        .set_attribute_names(Some(names.to_vec()));
    let got = got.send().await.unwrap().attributes.unwrap();
    names.map(|name| got[&name].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_hidden_while_it_is_received_and_gone_when_it_is_deleted() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let url = create(&client, "work", &[(Attribute::VisibilityTimeout, "30")]).await;
    assert_eq!(url, "http://127.0.0.1:4566/000000000000/work");
    send(&client, &url, "one").await;
    let first = receive(&client, &url).await;
    assert_eq!((first[0].0.as_str(), first[0].2.as_str()), ("one", "1"));
    assert!(bodies(&client, &url).await.is_empty());
    assert_eq!(counts(&client, &url).await, ["0", "1", "0"]);

    home.pass(31);
    let second = receive(&client, &url).await;
    assert_eq!(second[0].2, "2");
    // Somebody else has it by now: the old receipt deletes nothing.
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(&first[0].1)
        .send()
        .await
        .unwrap();
    assert_eq!(counts(&client, &url).await, ["0", "1", "0"]);
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(&second[0].1)
        .send()
        .await
        .unwrap();
    assert_eq!(counts(&client, &url).await, ["0", "0", "0"]);
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let url = create(&client, "work", &[]).await;
    send(&client, &url, "waits").await;
    send(&client, &url, "is received").await;
    let delayed = client
        .send_message()
        .queue_url(&url)
        .message_body("delayed")
        .delay_seconds(60);
    delayed.send().await.unwrap();
    let one = client.receive_message().queue_url(&url).send().await.unwrap();
    let taken = one.messages()[0].body().unwrap().to_owned();
    drop(client);

    let home = home.reopen();
    let client = Client::new(&home.config());
    assert_eq!(counts(&client, &url).await, ["1", "1", "1"]);
    let mut left = bodies(&client, &url).await;
    left.push(taken);
    left.sort();
    assert_eq!(left, ["is received", "waits"]);
    home.pass(61);
    assert_eq!(bodies(&client, &url).await.len(), 3);
    // Four days later nobody wants it any more.
    home.pass(4 * 24 * 3600);
    assert!(bodies(&client, &url).await.is_empty());
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_messages_arrive_as_their_digest_says() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let url = create(&client, "work", &[]).await;
    let value = |kind: &str| MessageAttributeValue::builder().data_type(kind);
    let text = value("String.label").string_value("grün").build().unwrap();
    let number = value("Number").string_value("7").build().unwrap();
    let binary = value("Binary")
        .binary_value(aws_sdk_sqs::primitives::Blob::new([0, 1, 255]))
        .build()
        .unwrap();
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("with attributes");
    let sent = sent
        .message_attributes("a.text", text)
        .message_attributes("number", number);
    // The SDK compares the digests of bodies itself, those of attributes it leaves to us.
    let sent = sent
        .message_attributes("a.binary", binary.clone())
        .send()
        .await
        .unwrap();
    let ask = || client.receive_message().queue_url(&url).visibility_timeout(0);
    let got = ask().message_attribute_names("All").send().await.unwrap();
    let message = &got.messages()[0];
    assert_eq!(
        message.md5_of_message_attributes(),
        sent.md5_of_message_attributes()
    );
    assert_eq!(message.message_attributes().unwrap()["a.binary"], binary);
    let got = ask().message_attribute_names("a.*").send().await.unwrap();
    assert_eq!(got.messages()[0].message_attributes().unwrap().len(), 2);
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_received_too_often_becomes_a_dead_letter_and_can_be_moved_back() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let dead = create(&client, "dead", &[]).await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"2"}"#;
    let url = create(
        &client,
        "work",
        &[
            (Attribute::RedrivePolicy, policy),
            (Attribute::VisibilityTimeout, "0"),
        ],
    )
    .await;
    send(&client, &url, "poison").await;
    assert_eq!(bodies(&client, &url).await, ["poison"]);
    assert_eq!(bodies(&client, &url).await, ["poison"]);
    assert!(bodies(&client, &url).await.is_empty());
    assert_eq!(counts(&client, &dead).await, ["1", "0", "0"]);
    let sources = client
        .list_dead_letter_source_queues()
        .queue_url(&dead)
        .send()
        .await
        .unwrap();
    assert_eq!(sources.queue_urls(), [url.as_str()]);

    let arn = "arn:aws:sqs:us-east-1:000000000000:dead";
    let not_dead = client
        .start_message_move_task()
        .source_arn("arn:aws:sqs:us-east-1:000000000000:work");
    assert_eq!(
        not_dead.send().await.unwrap_err().code(),
        Some("InvalidParameterValue")
    );
    client
        .start_message_move_task()
        .source_arn(arn)
        .send()
        .await
        .unwrap();
    let background = home.home.clone();
    let background = tokio::spawn(async move { background.run().await });
    let started = Instant::now();
    while counts(&client, &url).await != ["1", "0", "0"] {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    background.abort();
    let _ = background.await;
    let tasks = client
        .list_message_move_tasks()
        .source_arn(arn)
        .send()
        .await
        .unwrap();
    let task = &tasks.results()[0];
    assert_eq!(
        (task.status(), task.approximate_number_of_messages_moved()),
        (Some("COMPLETED"), 1)
    );
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_a_fifo_queue_stays_in_order() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let fifo = [
        (Attribute::FifoQueue, "true"),
        (Attribute::ContentBasedDeduplication, "true"),
    ];
    let url = create(&client, "work.fifo", &fifo).await;
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
        send_fifo(&client, &url, group, body).await;
    }
    let one = client.receive_message().queue_url(&url).send().await.unwrap();
    let a1 = one.messages()[0].clone();
    assert_eq!(a1.body(), Some("a1"));
    // The rest of the group waits; another group does not.
    assert_eq!(bodies(&client, &url).await, ["b1"]);
    assert!(bodies(&client, &url).await.is_empty());
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(a1.receipt_handle().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(bodies(&client, &url).await, ["a2", "a3"]);
    home.pass(31);
    assert_eq!(bodies(&client, &url).await, ["a2", "b1", "a3"]);
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_fifo_message_is_taken_once_within_five_minutes() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let fifo = [
        (Attribute::FifoQueue, "true"),
        (Attribute::ContentBasedDeduplication, "true"),
    ];
    let url = create(&client, "work.fifo", &fifo).await;
    let first = send_fifo(&client, &url, "a", "once").await;
    home.pass(299);
    assert_eq!(send_fifo(&client, &url, "a", "once").await, first);
    drop(client);
    let home = home.reopen();
    let client = Client::new(&home.config());
    assert_eq!(send_fifo(&client, &url, "a", "once").await, first);
    home.pass(2);
    assert_ne!(send_fifo(&client, &url, "a", "once").await, first);
    let refused = client
        .send_message()
        .queue_url(&url)
        .message_body("no group")
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("MissingParameter"));
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_when_something_arrives_or_becomes_visible() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let url = create(&client, "work", &[]).await;
    let poll = |seconds| {
        client
            .receive_message()
            .queue_url(&url)
            .wait_time_seconds(seconds)
            .send()
    };
    let started = Instant::now();
    let (got, ()) = tokio::join!(poll(20), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        send(&client, &url, "now").await;
    });
    assert_eq!(got.unwrap().messages().len(), 1);
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    let started = Instant::now();
    assert!(poll(1).await.unwrap().messages().is_empty());
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_is_lost_or_handed_out_twice() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let url = create(&client, "work", &[]).await;
    let senders = (0..4).map(|sender| {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            for batch in 0..10 {
                let entries = (0..10).map(|n| {
                    let body = format!("{sender}-{batch}-{n}");
                    SendMessageBatchRequestEntry::builder()
                        .id(n.to_string())
                        .message_body(body)
                        .build()
                        .unwrap()
                });
                let sent = client
                    .send_message_batch()
                    .queue_url(&url)
                    .set_entries(Some(entries.collect()));
                assert_eq!(sent.send().await.unwrap().successful().len(), 10);
            }
        })
    });
    let receivers = (0..4).map(|_| {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            let mut got = Vec::new();
            loop {
                let more = client
                    .receive_message()
                    .queue_url(&url)
                    .max_number_of_messages(10)
                    .wait_time_seconds(1);
                let more = more.send().await.unwrap().messages.unwrap_or_default();
                if more.is_empty() {
                    return got;
                }
                got.extend(more.into_iter().map(|message| message.body.unwrap()));
            }
        })
    });
    let (senders, receivers): (Vec<_>, Vec<_>) = (senders.collect(), receivers.collect());
    let mut all = Vec::new();
    for sender in senders {
        sender.await.unwrap();
    }
    for receiver in receivers {
        all.extend(receiver.await.unwrap());
    }
    all.sort();
    let unique = all.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!((all.len(), unique), (400, 0));
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_names_that_clients_know() {
    let home = TestHome::new();
    let client = Client::new(&home.config());
    let url = create(&client, "work", &[(Attribute::DelaySeconds, "5")]).await;
    assert_eq!(
        create(&client, "work", &[(Attribute::DelaySeconds, "5")]).await,
        url
    );
    let other = client
        .create_queue()
        .queue_name("work")
        .attributes(Attribute::DelaySeconds, "6");
    let other = other.send().await.unwrap_err().into_service_error();
    assert!(other.is_queue_name_exists(), "{other:?}");
    let missing = client
        .get_queue_url()
        .queue_name("nothing")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(missing.is_queue_does_not_exist(), "{missing:?}");
    let receipt = client.delete_message().queue_url(&url).receipt_handle("nonsense");
    let receipt = receipt.send().await.unwrap_err().into_service_error();
    assert!(receipt.is_receipt_handle_is_invalid(), "{receipt:?}");
    let value = client
        .create_queue()
        .queue_name("x")
        .attributes(Attribute::VisibilityTimeout, "-1");
    assert!(
        value
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_invalid_attribute_value()
    );
    let empty = client
        .send_message_batch()
        .queue_url(&url)
        .set_entries(Some(Vec::new()));
    assert!(
        empty
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_empty_batch_request()
    );
    let unknown = client
        .add_permission()
        .queue_url(&url)
        .label("x")
        .aws_account_ids("1")
        .actions("*");
    assert_eq!(
        unknown.send().await.unwrap_err().code(),
        Some("UnknownOperationException")
    );
    drop(client);
    home.done();
}
