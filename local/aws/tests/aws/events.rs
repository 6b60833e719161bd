//! EventBridge and Lambda: rules, targets, invocations, deliveries that outlive the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::BoxFuture;
use aws::lambda::{FunctionError, Functions, Invocation};
use aws_sdk_eventbridge::types::{InputTransformer, PutEventsRequestEntry, Target};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, InvocationType, Runtime};
use serde_json::{Value, json};

use crate::home::TestHome;

/// Answers with what it got; fails as often as it is told to.
#[derive(Default)]
struct Echo {
    failures: AtomicUsize,
    seen: Mutex<Vec<Value>>,
}

impl Functions for Echo {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            self.seen.lock().unwrap().push(invocation.payload.clone());
            let left = self
                .failures
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match left {
                Ok(_) => Err(FunctionError {
                    name: "Refused".to_owned(),
                    message: "not today".to_owned(),
                }),
                Err(_) => Ok(json!({ "got": invocation.payload, "mode": invocation.environment["MODE"] })),
            }
        })
    }
}

fn with_functions(home: &TestHome) -> Arc<Echo> {
    let echo = Arc::new(Echo::default());
    home.home.set_functions(Arc::<Echo>::clone(&echo));
    echo
}

async fn create_function(home: &TestHome, name: &str) -> aws_sdk_lambda::Client {
    let lambda = aws_sdk_lambda::Client::new(&home.config());
    lambda
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .role("arn:aws:iam::000000000000:role/x")
        .code(FunctionCode::builder().zip_file(Blob::new([])).build())
        .environment(Environment::builder().variables("MODE", "test").build())
        .send()
        .await
        .unwrap();
    lambda
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_invoked_in_the_process() {
    let home = TestHome::new();
    let echo = with_functions(&home);
    let lambda = create_function(&home, "echo").await;
    let invoke = |name: &str| {
        lambda
            .invoke()
            .function_name(name)
            .payload(Blob::new(br#"{"a":1}"#.to_vec()))
    };
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:echo";
    for name in ["echo", arn] {
        let answer = invoke(name).send().await.unwrap();
        assert_eq!(answer.function_error(), None);
        let payload: Value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
        assert_eq!(payload, json!({ "got": { "a": 1 }, "mode": "test" }));
    }
    echo.failures.store(1, Ordering::Relaxed);
    let failed = invoke("echo").send().await.unwrap();
    assert_eq!(failed.function_error(), Some("Unhandled"));
    let payload: Value = serde_json::from_slice(failed.payload().unwrap().as_ref()).unwrap();
    assert_eq!(
        payload,
        json!({ "errorType": "Refused", "errorMessage": "not today" })
    );
    let missing = invoke("nothing").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("ResourceNotFoundException"));
    let again = lambda
        .create_function()
        .function_name("echo")
        .role("arn:aws:iam::0:role/x");
    let again = again
        .code(FunctionCode::builder().build())
        .send()
        .await
        .unwrap_err();
    assert_eq!(again.code(), Some("ResourceConflictException"));
    drop(lambda);

    let home = home.reopen();
    let lambda = aws_sdk_lambda::Client::new(&home.config());
    let known = lambda.get_function().function_name("echo").send().await.unwrap();
    assert_eq!(known.configuration().unwrap().function_arn(), Some(arn));
    drop(lambda);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_for_later_is_made_by_the_next_process() {
    let home = TestHome::new();
    let lambda = create_function(&home, "echo").await;
    let later = lambda
        .invoke()
        .function_name("echo")
        .invocation_type(InvocationType::Event);
    later
        .payload(Blob::new(br#"{"n":1}"#.to_vec()))
        .send()
        .await
        .unwrap();
    drop(lambda);
    let home = home.reopen();
    let echo = with_functions(&home);
    echo.failures.store(1, Ordering::Relaxed);
    let background = run(&home);
    until(|| echo.seen.lock().unwrap().len() == 1).await;
    // It failed, and is tried again when its pause is over.
    home.pass(61);
    home.home
        .publish(json!({ "source": "nobody", "detail-type": "x", "detail": {} }))
        .await
        .unwrap();
    let lambda = aws_sdk_lambda::Client::new(&home.config());
    let other = lambda
        .invoke()
        .function_name("echo")
        .invocation_type(InvocationType::Event);
    other
        .payload(Blob::new(br#"{"n":2}"#.to_vec()))
        .send()
        .await
        .unwrap();
    until(|| echo.seen.lock().unwrap().len() == 3).await;
    let ones = echo
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|seen| **seen == json!({ "n": 1 }))
        .count();
    assert_eq!(ones, 2);
    drop(lambda);
    background.abort();
    let _ = background.await;
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_where_rules_say() {
    let home = TestHome::new();
    let echo = with_functions(&home);
    drop(create_function(&home, "echo").await);
    let events = aws_sdk_eventbridge::Client::new(&home.config());
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    let url = sqs
        .create_queue()
        .queue_name("out")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    let rule = events
        .put_rule()
        .name("big")
        .event_pattern(r#"{"source":["shop"],"detail":{"n":[{"numeric":[">",10]}]}}"#);
    rule.send().await.unwrap();
    let transformer = InputTransformer::builder()
        .input_paths_map("n", "$.detail.n")
        .input_template(r#"{"number": <n>}"#)
        .build()
        .unwrap();
    let queue = Target::builder()
        .id("q")
        .arn("arn:aws:sqs:us-east-1:000000000000:out")
        .build()
        .unwrap();
    let function = Target::builder()
        .id("f")
        .arn("arn:aws:lambda:us-east-1:000000000000:function:echo")
        .input_transformer(transformer)
        .build()
        .unwrap();
    let put = events
        .put_targets()
        .rule("big")
        .targets(queue)
        .targets(function)
        .send()
        .await
        .unwrap();
    assert_eq!(put.failed_entry_count(), 0);
    drop(events);

    // Rules and targets are there after a restart.
    drop(sqs);
    drop(echo);
    let home = home.reopen();
    let echo = with_functions(&home);
    let background = run(&home);
    let events = aws_sdk_eventbridge::Client::new(&home.config());
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    let entry = |source: &str, n: i64| {
        let entry = PutEventsRequestEntry::builder()
            .source(source)
            .detail_type("order");
        entry.detail(json!({ "n": n }).to_string()).build()
    };
    let sent = events
        .put_events()
        .entries(entry("shop", 11))
        .entries(entry("shop", 9))
        .entries(entry("aws.x", 12));
    let sent = sent.send().await.unwrap();
    assert_eq!(sent.failed_entry_count(), 1);
    assert_eq!(
        sent.entries()[2].error_code(),
        Some("NotAuthorizedForSourceException")
    );
    let got = sqs
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    assert_eq!(got.messages().len(), 1);
    let event: Value = serde_json::from_str(got.messages()[0].body().unwrap()).unwrap();
    assert_eq!(event["detail"], json!({ "n": 11 }));
    assert_eq!(event["detail-type"], "order");
    assert_eq!(event["time"], "2026-01-01T00:00:00Z");
    until(|| *echo.seen.lock().unwrap() == [json!({ "number": 11 })]).await;
    let bad = events
        .put_rule()
        .name("bad")
        .event_pattern(r#"{"source": "x"}"#)
        .send()
        .await
        .unwrap_err();
    assert!(bad.into_service_error().is_invalid_event_pattern_exception());
    drop((events, sqs));
    background.abort();
    let _ = background.await;
    home.done();
}

fn run(home: &TestHome) -> tokio::task::JoinHandle<()> {
    let home = home.home.clone();
    tokio::spawn(async move { home.run().await })
}

async fn until(done: impl Fn() -> bool) {
    let waited = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waited)
        .await
        .expect("in time");
}

/// What has come to the queue `ticks` after what goes on in the background has gone on for a while.
async fn ticks(home: &TestHome) -> Vec<Value> {
    let background = run(home);
    tokio::time::sleep(Duration::from_millis(300)).await;
    background.abort();
    let _ = background.await;
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    let got = sqs
        .receive_message()
        .queue_url("http://127.0.0.1:4566/000000000000/ticks")
        .visibility_timeout(43_200)
        .max_number_of_messages(10);
    let messages = got.send().await.unwrap().messages.unwrap_or_default();
    let body = |message: &aws_sdk_sqs::types::Message| serde_json::from_str(message.body().unwrap()).unwrap();
    messages.iter().map(body).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_with_a_schedule_sends_an_event_each_time() {
    let home = TestHome::new();
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    sqs.create_queue().queue_name("ticks").send().await.unwrap();
    let events = aws_sdk_eventbridge::Client::new(&home.config());
    let put = |expression: &str| {
        events
            .put_rule()
            .name("tick")
            .schedule_expression(expression)
            .send()
    };
    for invalid in ["rate(5 fortnights)", "at(2026-01-01T00:00:00)", "cron(* * *)", ""] {
        assert!(put(invalid).await.is_err(), "{invalid}");
    }
    put("rate(5 minutes)").await.unwrap();
    let target = Target::builder()
        .id("q")
        .arn("arn:aws:sqs:us-east-1:000000000000:ticks")
        .build()
        .unwrap();
    events
        .put_targets()
        .rule("tick")
        .targets(target)
        .send()
        .await
        .unwrap();
    let described = events.describe_rule().name("tick").send().await.unwrap();
    assert_eq!(described.schedule_expression(), Some("rate(5 minutes)"));
    assert!(ticks(&home).await.is_empty());
    home.pass(4 * 60);
    assert!(ticks(&home).await.is_empty());
    home.pass(61);
    let got = ticks(&home).await;
    assert_eq!(got.len(), 1);
    assert_eq!(got[0]["detail-type"], "Scheduled Event");
    assert_eq!(got[0]["time"], "2026-01-01T00:05:00Z");
    let arn = "arn:aws:events:us-east-1:000000000000:rule/tick";
    assert_eq!(got[0]["resources"], json!([arn]));

    // It was due three times while nothing ran, which is told once. Then it goes on as before.
    drop((events, sqs));
    home.pass(16 * 60);
    let home = home.reopen();
    assert_eq!(ticks(&home).await.len(), 1);
    assert!(ticks(&home).await.is_empty());
    let events = aws_sdk_eventbridge::Client::new(&home.config());
    events.disable_rule().name("tick").send().await.unwrap();
    home.pass(60 * 60);
    assert!(ticks(&home).await.is_empty());
    events.enable_rule().name("tick").send().await.unwrap();
    assert!(ticks(&home).await.is_empty());
    home.pass(5 * 60 + 1);
    assert_eq!(ticks(&home).await.len(), 1);
    events
        .remove_targets()
        .rule("tick")
        .ids("q")
        .send()
        .await
        .unwrap();
    events.delete_rule().name("tick").send().await.unwrap();
    home.pass(60 * 60);
    assert!(ticks(&home).await.is_empty());
    drop(events);
    home.done();
}
