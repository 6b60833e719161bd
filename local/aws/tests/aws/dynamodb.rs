//! DynamoDB: names, durability, streams.

use std::time::Duration;

use aws::dynamodb::Position;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_sdk_dynamodbstreams::types::ShardIteratorType;

use crate::home::TestHome;

async fn table(client: &aws_sdk_dynamodb::Client) -> String {
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let key = KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(KeyType::Hash)
        .build()
        .unwrap();
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .unwrap();
    let created = client
        .create_table()
        .table_name("things")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute)
        .key_schema(key)
        .stream_specification(stream)
        .send()
        .await
        .unwrap();
    created.table_description.unwrap().latest_stream_arn.unwrap()
}

async fn put(client: &aws_sdk_dynamodb::Client, key: &str) {
    let put = client
        .put_item()
        .table_name("things")
        .item("pk", AttributeValue::S(key.to_owned()));
    put.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn items_stay_and_arns_have_the_region_of_the_home() {
    let home = TestHome::new();
    let client = aws_sdk_dynamodb::Client::new(&home.config());
    let arn = table(&client).await;
    assert!(
        arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/things/stream/"),
        "{arn}"
    );
    put(&client, "a").await;
    drop(client);

    let home = home.reopen();
    let client = aws_sdk_dynamodb::Client::new(&home.config());
    let got = client
        .get_item()
        .table_name("things")
        .key("pk", AttributeValue::S("a".to_owned()));
    assert!(got.send().await.unwrap().item.is_some());
    let missing = client
        .describe_table()
        .table_name("nothing")
        .send()
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Some("ResourceNotFoundException"));
    let unknown = client.list_backups().send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("UnknownOperationException"));
    assert_eq!(
        unknown.message(),
        Some("The operation ListBackups is not supported by this endpoint.")
    );
    drop(client);
    home.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_followed_and_read_and_trimmed() {
    let home = TestHome::new();
    let client = aws_sdk_dynamodb::Client::new(&home.config());
    let streams = aws_sdk_dynamodbstreams::Client::new(&home.config());
    let arn = table(&client).await;
    let waiting = {
        let home = home.home.clone();
        tokio::spawn(async move { home.follow_stream("things", Position::default(), 10).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    put(&client, "a").await;
    let found = waiting.await.unwrap().unwrap();
    assert_eq!(found.records.len(), 1);
    let record = &found.records[0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["dynamodb"]["NewImage"]["pk"]["S"], "a");
    put(&client, "b").await;
    put(&client, "c").await;

    assert_eq!(records(&streams, &arn).await, ["a", "b", "c"]);
    home.home.trim_stream("things", found.position).await.unwrap();
    assert_eq!(records(&streams, &arn).await, ["b", "c"]);
    // The last one stays, read or not, so that the next is numbered after it.
    let all = home
        .home
        .follow_stream("things", found.position, 10)
        .await
        .unwrap();
    home.home.trim_stream("things", all.position).await.unwrap();
    assert_eq!(records(&streams, &arn).await, ["c"]);
    drop((client, streams));
    home.done();
}

async fn records(streams: &aws_sdk_dynamodbstreams::Client, arn: &str) -> Vec<String> {
    let described = streams.describe_stream().stream_arn(arn).send().await.unwrap();
    let shard = described.stream_description.unwrap().shards.unwrap()[0]
        .shard_id
        .clone()
        .unwrap();
    let iterator = streams
        .get_shard_iterator()
        .stream_arn(arn)
        .shard_id(shard)
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .unwrap();
    let got = streams
        .get_records()
        .set_shard_iterator(iterator.shard_iterator)
        .send()
        .await
        .unwrap();
    let keys = got.records().iter().map(|record| {
        let keys = record.dynamodb().unwrap().keys().unwrap();
        keys["pk"].as_s().unwrap().clone()
    });
    keys.collect()
}
