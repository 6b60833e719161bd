//! Whatever is sent to the AWS endpoint, it answers as AWS does, or closes the connection. It never breaks off.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use local::home::{Listen, OwnHome};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// For the longest answer; nothing here waits for messages.
const PATIENCE: Duration = Duration::from_secs(20);
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// What is sent, and whether the client then says that it sends no more.
type Sent = (Vec<u8>, bool);

fn anything() -> impl Strategy<Value = Sent> {
    prop::collection::vec(any::<u8>(), 0..600).prop_map(|bytes| (bytes, true))
}

/// A target of some service: mostly one that there is.
fn target() -> impl Strategy<Value = String> {
    let services: [(&str, &[&str]); 4] = [
        ("DynamoDB_20120810", aws::dynamodb::OPERATIONS),
        ("AmazonSQS", aws::sqs::OPERATIONS),
        ("AWSEvents", aws::events::OPERATIONS),
        ("AWSStepFunctions", states::OPERATIONS),
    ];
    // This one waits for a task for a minute.
    let there = services.iter().flat_map(|(service, operations)| {
        let operations = operations.iter().filter(|name| **name != "GetActivityTask");
        operations.map(move |operation| format!("{service}.{operation}"))
    });
    prop_oneof![20 => select(there.collect::<Vec<_>>()), 1 => "[ -~]{0,30}"]
}

/// Names of members that operations know.
fn member() -> impl Strategy<Value = String> {
    let known = [
        "QueueUrl",
        "QueueName",
        "MessageBody",
        "Entries",
        "Id",
        "ReceiptHandle",
        "VisibilityTimeout",
        "Attributes",
        "AttributeNames",
        "MaxNumberOfMessages",
        "TableName",
        "Key",
        "Item",
        "KeyConditionExpression",
        "RequestItems",
        "TransactItems",
        "Statement",
        "ExpressionAttributeValues",
        "UpdateExpression",
        "Limit",
        "ExclusiveStartKey",
        "Name",
        "Rule",
        "Targets",
        "EventPattern",
        "Event",
        "Source",
        "Detail",
        "DetailType",
        "Arn",
        "EventBusName",
        "name",
        "definition",
        "stateMachineArn",
        "executionArn",
        "input",
        "taskToken",
        "output",
        "roleArn",
        "tags",
        "ScheduleExpression",
        "FlexibleTimeWindow",
        "Target",
        "SourceArn",
        "TaskHandle",
        "Tags",
        "NextToken",
        "S",
        "N",
        "M",
        "L",
        "pk",
        "maxResults",
        "nextToken",
        "type",
        "KeySchema",
        "AttributeDefinitions",
    ];
    prop_oneof![8 => select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn value() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        "q",
        "http://127.0.0.1/000000000000/q",
        "t",
        "default",
        "{\"source\":[\"a\"]}",
        "rate(1 minute)",
        "{}",
        "pk = :v",
        "arn:aws:sqs:us-east-1:000000000000:q",
        "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        "\u{0}",
        "SET a = b",
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}",
        "*",
        "-1",
        "1e400",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(texts.to_vec()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let object = prop::collection::vec((member(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let object = prop::collection::vec((member(), value()), 0..8).prop_map(|members| {
        Value::from(members.into_iter().collect::<Map<_, _>>())
            .to_string()
            .into_bytes()
    });
    let form = prop::collection::vec(("[A-Za-z.0-9%+]{0,20}", ".{0,20}"), 0..6).prop_map(|pairs| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&").into_bytes()
    });
    prop_oneof![
        12 => object,
        1 => form,
        2 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (0..40_000usize).prop_map(|depth| vec![b'['; depth]),
    ]
}

/// A request that HTTP allows, mostly.
fn request() -> impl Strategy<Value = Sent> {
    let method = prop_oneof![8 => Just("POST".to_owned()), 4 => select(vec!["GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]).prop_map(str::to_owned), 1 => "[A-Z]{1,12}"];
    let paths = [
        "/",
        "/schedules",
        "/schedules/a",
        "/schedule-groups/x",
        "/2015-03-31/functions",
        "/2015-03-31/functions/f/invocations",
        "/2015-03-31/functions/f",
        "/2015-03-31/event-source-mappings",
        "/2015-03-31/event-source-mappings/x",
        "/b",
        "/b/k",
        "/b?uploads",
        "/b/k?partNumber=1&uploadId=x",
        "/b?list-type=2&max-keys=x",
        "/%",
        "/b/..%2f..%2fx",
        "/%00",
        "//",
        "/b/%ff",
    ];
    let path = prop_oneof![8 => select(paths.to_vec()).prop_map(str::to_owned), 1 => "/[!-~]{0,40}"];
    let kind = select(vec![
        "application/x-amz-json-1.0",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json",
    ]);
    let length = prop_oneof![12 => Just(0i64), 1 => -5..5i64];
    (method, path, prop::option::weighted(0.8, target()), kind, body(), length, any::<u8>()).prop_map(
        |(method, path, target, kind, body, length, how)| {
            let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {kind}\r\n");
            if let Some(target) = target {
                head += &format!("x-amz-target: {target}\r\n");
            }
            if how % 8 != 0 {
                head += "authorization: AWS4-HMAC-SHA256 Credential=test/20261231/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n";
            }
            let (body, fits) = if how % 16 == 3 {
                head += "transfer-encoding: chunked\r\n\r\n";
                let chunk = [format!("{:x}\r\n", body.len()).into_bytes(), body].concat();
                ([chunk, b"\r\n0\r\n\r\n".to_vec()].concat(), true)
            } else {
                let told = i64::try_from(body.len()).unwrap() + length;
                head += &format!("content-length: {told}\r\n\r\n");
                (body, length <= 0)
            };
            // What is shorter than it says would be waited for.
            ([head.into_bytes(), body].concat(), !fits)
        },
    )
}

/// A request with some bytes changed, or cut short.
fn damaged() -> impl Strategy<Value = Sent> {
    (
        request(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        any::<prop::sample::Index>(),
    )
        .prop_map(|((mut bytes, _), changes, end)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(end.index(bytes.len() + 1));
            (bytes, true)
        })
}

async fn exchange(address: SocketAddr, (bytes, ends): &Sent) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may be closed before all is sent.
    let _ = stream.write_all(bytes).await;
    if *ends {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(
        read.is_ok(),
        "nothing for {PATIENCE:?} after {}",
        String::from_utf8_lossy(bytes)
    );
    answer
}

/// What is wrong with an answer.
fn fault(answer: &[u8]) -> Option<&'static str> {
    if answer.is_empty() {
        return None;
    }
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Some("it has no head");
    };
    let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end + 4..]);
    let Some(status) = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5)?.parse::<u16>().ok())
    else {
        return Some("it has no status");
    };
    if status >= 500 && status != 501 && status != 503 {
        return Some("the endpoint has failed");
    }
    // The head could not be read, so nobody knows which service was meant; or it was a HEAD.
    if status < 400 || body.is_empty() {
        return None;
    }
    let json = serde_json::from_slice::<Value>(body);
    let is_json = json.is_ok_and(|body| body["__type"].is_string());
    let text = String::from_utf8_lossy(body);
    let is_xml = text.contains("<Error>") && text.contains("<Code>");
    (!is_json && !is_xml).then_some("the error has no code")
}

#[test]
fn whatever_is_sent_is_answered_as_aws_does_or_the_connection_is_closed() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        default(info);
    }));
    let folder = std::env::temp_dir().join(format!("pflow-front-{}", uuid::Uuid::now_v7()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let listen = Listen::new([127, 0, 0, 1].into(), 0, false);
    let mut own = runtime
        .block_on(OwnHome::open(
            &folder,
            "us-east-1",
            ("test", "test"),
            Some(listen),
        ))
        .unwrap();
    runtime.block_on(async { own.run() });
    let address = own.address.unwrap();
    runtime.block_on(async {
        for (action, body) in [
            ("createQueue", json!({ "QueueName": "q" })),
            ("sendMessage", json!({ "QueueUrl": "q", "MessageBody": "m" })),
        ] {
            own.home.call("sqs", action, body).await.unwrap();
        }
    });
    let strategy = prop_oneof![1 => anything(), 6 => request(), 3 => damaged()];
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&strategy, |sent| {
            let answer = runtime.block_on(exchange(address, &sent));
            let told = || {
                format!(
                    "{}\n---\n{}",
                    String::from_utf8_lossy(&sent.0),
                    String::from_utf8_lossy(&answer)
                )
            };
            prop_assert_eq!(PANICS.load(Ordering::SeqCst), 0, "it broke off: {}", told());
            prop_assert_eq!(fault(&answer), None, "{}", told());
            Ok(())
        })
        .unwrap();
    runtime.block_on(own.stop());
    drop(own);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_answer_without_a_code_is_a_fault() {
    let answer = |text: &str| fault(text.as_bytes());
    assert_eq!(answer("HTTP/1.1 400 Bad Request\r\n\r\n{\"__type\":\"X\"}"), None);
    assert_eq!(
        answer("HTTP/1.1 404 Not Found\r\n\r\n<Error><Code>X</Code></Error>"),
        None
    );
    assert_eq!(answer("HTTP/1.1 400 Bad Request\r\n\r\n"), None);
    assert_eq!(
        answer("HTTP/1.1 400 Bad Request\r\n\r\n{}"),
        Some("the error has no code")
    );
    assert_eq!(
        answer("HTTP/1.1 500 Internal\r\n\r\n{\"__type\":\"X\"}"),
        Some("the endpoint has failed")
    );
    assert_eq!(answer("junk"), Some("it has no head"));
}
