//! Event source mappings: functions are run with what comes to queues and streams.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws::BoxFuture;
use aws::lambda::{FunctionError, Functions, Invocation};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourcePosition, Filter, FilterCriteria, FunctionCode, FunctionResponseType,
    OnFailure, Runtime,
};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::{Value, json};

use crate::home::TestHome;

type Answer = fn(&[String]) -> Result<Value, String>;

/// A function that notes the records of each batch, by what is in them, and answers as it is told to.
struct Worker {
    batches: Mutex<Vec<Vec<String>>>,
    answer: Mutex<Answer>,
}

impl Functions for Worker {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let records = invocation.payload["Records"].as_array().unwrap().clone();
            let names: Vec<String> = records.iter().map(name).collect();
            self.batches.lock().unwrap().push(names.clone());
            let answer = *self.answer.lock().unwrap();
            let mut answer = answer(&names).map_err(|message| FunctionError {
                name: "Refused".to_owned(),
                message,
            })?;
            // Those that it names by what is in them have identifiers.
            for failure in answer["batchItemFailures"].as_array_mut().into_iter().flatten() {
                let record = records
                    .iter()
                    .find(|record| failure["itemIdentifier"] == name(record));
                failure["itemIdentifier"] = identifier(record.unwrap());
            }
            Ok(answer)
        })
    }
}

fn name(record: &Value) -> String {
    let body = record["body"]
        .as_str()
        .map(|body| serde_json::from_str(body).unwrap_or(json!({ "n": body })));
    match body {
        Some(body) => body["n"].to_string().trim_matches('"').to_owned(),
        None => record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned(),
    }
}

fn identifier(record: &Value) -> Value {
    match record.get("messageId") {
        Some(id) => id.clone(),
        None => record["dynamodb"]["SequenceNumber"].clone(),
    }
}

fn fine(_: &[String]) -> Result<Value, String> {
    Ok(Value::Null)
}

impl Worker {
    fn of(home: &TestHome, answer: Answer) -> Arc<Self> {
        let worker = Arc::new(Self {
            batches: Mutex::default(),
            answer: Mutex::new(answer),
        });
        home.home.set_functions(Arc::<Self>::clone(&worker));
        worker
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn batches(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap().clone()
    }

    fn count(&self, name: &str) -> usize {
        self.batches()
            .iter()
            .flatten()
            .filter(|seen| *seen == name)
            .count()
    }
}

async fn function(home: &TestHome) -> Client {
    let lambda = Client::new(&home.config());
    let function = lambda
        .create_function()
        .function_name("worker")
        .runtime(Runtime::Providedal2023);
    let function = function
        .handler("bootstrap")
        .role("arn:aws:iam::000000000000:role/x");
    let code = FunctionCode::builder().zip_file(Blob::new([])).build();
    function.code(code).send().await.unwrap();
    lambda
}

fn run(home: &TestHome) -> tokio::task::JoinHandle<()> {
    let home = home.home.clone();
    tokio::spawn(async move { home.run().await })
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "waited in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:work";
const URL: &str = "http://127.0.0.1:4566/000000000000/work";

async fn queue(home: &TestHome, name: &str) -> aws_sdk_sqs::Client {
    let sqs = aws_sdk_sqs::Client::new(&home.config());
    let queue = sqs
        .create_queue()
        .queue_name(name)
        .attributes(Attribute::VisibilityTimeout, "1");
    queue.send().await.unwrap();
    sqs
}

async fn left(sqs: &aws_sdk_sqs::Client) -> bool {
    let counted = sqs
        .get_queue_attributes()
        .queue_url(URL)
        .attribute_names(Attribute::All);
    let counted = counted.send().await.unwrap().attributes.unwrap();
    counted[&Attribute::ApproximateNumberOfMessages] != "0"
        || counted[&Attribute::ApproximateNumberOfMessagesNotVisible] != "0"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_the_messages_that_it_wants_and_again_those_that_failed() {
    let home = TestHome::in_time();
    let worker = Worker::of(&home, |names| {
        let failed = names.iter().filter(|name| *name == "3");
        let failures: Vec<Value> = failed.map(|name| json!({ "itemIdentifier": name })).collect();
        Ok(json!({ "batchItemFailures": failures }))
    });
    let (sqs, lambda) = (queue(&home, "work").await, function(&home).await);
    let background = run(&home);
    let wanted = Filter::builder()
        .pattern(r#"{"body":{"n":[{"numeric":["<",10]}]}}"#)
        .build();
    let created = lambda
        .create_event_source_mapping()
        .event_source_arn(QUEUE)
        .function_name("worker")
        .filter_criteria(FilterCriteria::builder().filters(wanted).build())
        .function_response_types(FunctionResponseType::ReportBatchItemFailures);
    created.send().await.unwrap();
    for n in [1, 2, 3, 20, 21] {
        let message = sqs
            .send_message()
            .queue_url(URL)
            .message_body(json!({ "n": n }).to_string());
        message.send().await.unwrap();
    }
    sqs.send_message()
        .queue_url(URL)
        .message_body("no JSON")
        .send()
        .await
        .unwrap();
    until("the one that fails comes again", || worker.count("3") >= 2).await;
    worker.answers(fine);
    let started = Instant::now();
    while left(&sqs).await {
        assert!(started.elapsed() < Duration::from_secs(10), "messages are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (name, times) in [("1", 1), ("2", 1), ("20", 0), ("21", 0), ("no JSON", 0)] {
        assert_eq!(worker.count(name), times, "{name}: {:?}", worker.batches());
    }
    background.abort();
    let _ = background.await;
    drop((sqs, lambda));
    home.done();
}

async fn table(home: &TestHome) -> (aws_sdk_dynamodb::Client, String) {
    let client = aws_sdk_dynamodb::Client::new(&home.config());
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage);
    let key = KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S);
    let table = client
        .create_table()
        .table_name("things")
        .key_schema(key.build().unwrap())
        .attribute_definitions(attribute.build().unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream.build().unwrap());
    let arn = table
        .send()
        .await
        .unwrap()
        .table_description
        .unwrap()
        .latest_stream_arn
        .unwrap();
    (client, arn)
}

async fn put(client: &aws_sdk_dynamodb::Client, key: &str) {
    let item = client
        .put_item()
        .table_name("things")
        .item("pk", AttributeValue::S(key.to_owned()));
    item.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_handed_over_in_order_and_a_record_that_fails_is_put_aside() {
    let home = TestHome::in_time();
    let worker = Worker::of(&home, |names| match names.iter().any(|name| name == "bad") {
        true => Err("not this".to_owned()),
        false => Ok(Value::Null),
    });
    let (sqs, lambda) = (queue(&home, "work").await, function(&home).await);
    let (client, stream) = table(&home).await;
    for key in ["a", "b", "bad", "c"] {
        put(&client, key).await;
    }
    let failed = OnFailure::builder().destination(QUEUE).build();
    let mapping = lambda
        .create_event_source_mapping()
        .event_source_arn(&stream)
        .function_name("worker")
        .starting_position(EventSourcePosition::TrimHorizon)
        .bisect_batch_on_function_error(true)
        .maximum_retry_attempts(1)
        .destination_config(DestinationConfig::builder().on_failure(failed).build());
    mapping.send().await.unwrap();
    let background = run(&home);
    until("all but one are done", || {
        worker.batches().iter().any(|batch| batch == &["c"])
    })
    .await;
    let batches = worker.batches();
    assert_eq!(batches[0], ["a", "b", "bad", "c"]);
    assert_eq!(batches[1], ["a", "b"]);
    assert_eq!(
        batches.iter().filter(|batch| *batch == &["bad"]).count(),
        2,
        "{batches:?}"
    );
    let told = sqs
        .receive_message()
        .queue_url(URL)
        .wait_time_seconds(5)
        .send()
        .await
        .unwrap();
    let told: Value = serde_json::from_str(told.messages()[0].body().unwrap()).unwrap();
    assert_eq!(told["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], 1);
    assert_eq!(told["DDBStreamBatchInfo"]["streamArn"], json!(stream));
    background.abort();
    let _ = background.await;
    put(&client, "d").await;
    drop((sqs, lambda, client, worker));

    // It goes on where it stood.
    let home = home.reopen();
    let worker = Worker::of(&home, fine);
    let background = run(&home);
    until("the next one is done", || worker.count("d") == 1).await;
    assert_eq!(worker.batches(), [["d"]]);
    // Where others have read everything, it is kept for this one.
    background.abort();
    let _ = background.await;
    let client = aws_sdk_dynamodb::Client::new(&home.config());
    put(&client, "e").await;
    put(&client, "f").await;
    let all = home
        .home
        .follow_stream("things", aws::dynamodb::Position::default(), 100)
        .await
        .unwrap();
    home.home.trim_stream("things", all.position).await.unwrap();
    let background = run(&home);
    until("both are done", || worker.count("e") + worker.count("f") == 2).await;
    background.abort();
    let _ = background.await;
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn mappings_are_changed_listed_and_deleted() {
    let home = TestHome::in_time();
    let worker = Worker::of(&home, fine);
    let (sqs, lambda) = (queue(&home, "work").await, function(&home).await);
    let background = run(&home);
    let create = |arn: &str| {
        lambda
            .create_event_source_mapping()
            .event_source_arn(arn)
            .function_name("worker")
    };
    let code = async |request: aws_sdk_lambda::operation::create_event_source_mapping::builders::CreateEventSourceMappingFluentBuilder| {
        request.send().await.unwrap_err().code().unwrap().to_owned()
    };
    let missing = "arn:aws:sqs:us-east-1:000000000000:none";
    assert_eq!(code(create(missing)).await, "InvalidParameterValueException");
    assert_eq!(
        code(create("arn:aws:kinesis:us-east-1:000000000000:stream/x")).await,
        "InvalidParameterValueException"
    );
    assert_eq!(
        code(create(QUEUE).batch_size(20)).await,
        "InvalidParameterValueException"
    );
    assert_eq!(
        code(create(QUEUE).function_name("nobody")).await,
        "ResourceNotFoundException"
    );
    let id = create(QUEUE).enabled(false).send().await.unwrap().uuid.unwrap();
    assert_eq!(code(create(QUEUE)).await, "ResourceConflictException");
    sqs.send_message()
        .queue_url(URL)
        .message_body("m")
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(worker.batches().is_empty());
    let update = lambda
        .update_event_source_mapping()
        .uuid(&id)
        .enabled(true)
        .batch_size(5);
    update.send().await.unwrap();
    until("it is followed", || worker.count("m") == 1).await;
    let found = lambda.get_event_source_mapping().uuid(&id).send().await.unwrap();
    assert_eq!((found.batch_size(), found.state()), (Some(5), Some("Enabled")));
    let of_function = lambda
        .list_event_source_mappings()
        .function_name("worker")
        .send()
        .await
        .unwrap();
    assert_eq!(of_function.event_source_mappings().len(), 1);
    let of_other = lambda
        .list_event_source_mappings()
        .event_source_arn(missing)
        .send()
        .await
        .unwrap();
    assert!(of_other.event_source_mappings().is_empty());
    lambda
        .delete_event_source_mapping()
        .uuid(&id)
        .send()
        .await
        .unwrap();
    let gone = lambda
        .get_event_source_mapping()
        .uuid(&id)
        .send()
        .await
        .unwrap_err();
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
    // Whoever was just waiting for messages has stopped.
    tokio::time::sleep(Duration::from_millis(300)).await;
    sqs.send_message()
        .queue_url(URL)
        .message_body("n")
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(worker.count("n"), 0);
    background.abort();
    let _ = background.await;
    drop((sqs, lambda));
    home.done();
}
