//! Follows the tables' streams, as an event source mapping does on AWS: in order, a failed record again until it
//! succeeds or is given up.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use anyhow::{Context, Result};
use aws::dynamodb::Position;
use aws::{Home, Stop};
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use runtime::{App, Handler};
use serde_json::{Value, json};

use crate::clients::GatewayClients;

/// Between two looks at a stream that had nothing new.
const QUIET: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_secs(1);
/// How often a record is tried before it is given up, so that one that can never be handled does not stop the others.
const TRIES: u32 = 20;
const BATCH: i32 = 100;
const BATCH_HOME: usize = 100;
/// Between two removals of what was handled.
const TRIM: Duration = Duration::from_secs(5);

/// Follows for ever. Begins at the oldest record that the stream still has: what was handled before is handled again,
/// which changes nothing.
pub async fn follow(app: App, clients: GatewayClients, table: String, handler: Handler) {
    loop {
        if let Err(error) = follow_table(&app, &clients, &table, &handler).await {
            tracing::warn!(
                handler = handler.operation.id,
                error = format!("{error:#}"),
                "cannot follow the stream"
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// [`follow`] where the endpoint is this process: it tells when there is something. Until it is stopped.
pub async fn follow_home(app: App, home: Home, table: String, handler: Handler, mut stop: Stop) {
    let (mut position, mut trimmed) = (Position::default(), Position::default());
    let mut trims = tokio::time::interval(TRIM);
    loop {
        let found = tokio::select! {
            found = home.follow_stream(&table, position, BATCH_HOME) => found,
            () = aws::stopped(&mut stop) => return trim(&home, &table, position).await,
            _ = trims.tick() => {
                if position != trimmed {
                    trim(&home, &table, position).await;
                    trimmed = position;
                }
                continue;
            }
        };
        match found {
            Ok(found) => {
                handle(&app, &handler, &found.records).await;
                position = found.position;
            }
            Err(error) => {
                tracing::warn!(handler = handler.operation.id, error = %error, "cannot follow the stream");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// What was handled is not needed any more, here or after a restart.
async fn trim(home: &Home, table: &str, position: Position) {
    if let Err(error) = home.trim_stream(table, position).await {
        tracing::warn!(table, error = %error, "cannot trim the stream");
    }
}

/// One round after another over the stream's shards, until something fails.
async fn follow_table(app: &App, clients: &GatewayClients, table: &str, handler: &Handler) -> Result<()> {
    let described = clients.dynamodb.describe_table().table_name(table).send().await?;
    let arn = described
        .table
        .and_then(|table| table.latest_stream_arn)
        .context("the table has no stream")?;
    let mut iterators: HashMap<String, Option<String>> = HashMap::new();
    let mut looked_for_shards = None;
    loop {
        // Shards split and end; new ones show up in the description.
        if looked_for_shards.is_none_or(|at: tokio::time::Instant| at.elapsed() > Duration::from_secs(10)) {
            add_shards(clients, &arn, &mut iterators).await?;
            looked_for_shards = Some(tokio::time::Instant::now());
        }
        let mut quiet = true;
        for iterator in iterators.values_mut() {
            let Some(at) = iterator.take() else { continue };
            let got = clients
                .streams
                .get_records()
                .shard_iterator(at)
                .limit(BATCH)
                .send()
                .await?;
            *iterator = got.next_shard_iterator;
            let records = got.records.unwrap_or_default();
            quiet &= records.is_empty();
            let records: Vec<Value> = records.iter().map(record).collect();
            handle(app, handler, &records).await;
        }
        if quiet {
            tokio::time::sleep(QUIET).await;
        }
    }
}

async fn add_shards(
    clients: &GatewayClients,
    arn: &str,
    iterators: &mut HashMap<String, Option<String>>,
) -> Result<()> {
    let described = clients.streams.describe_stream().stream_arn(arn).send().await?;
    let shards = described
        .stream_description
        .and_then(|stream| stream.shards)
        .unwrap_or_default();
    for id in shards.into_iter().filter_map(|shard| shard.shard_id) {
        let Entry::Vacant(place) = iterators.entry(id) else {
            continue;
        };
        let iterator = clients
            .streams
            .get_shard_iterator()
            .stream_arn(arn)
            .shard_id(place.key());
        let got = iterator
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await?;
        place.insert(got.shard_iterator);
    }
    Ok(())
}

/// Hands records over, again from the one that failed. A call that fails whole is made again with half as many, so that one
/// record that can never be handled is found, and not taken for another.
async fn handle(app: &App, handler: &Handler, records: &[Value]) {
    let mut left = records;
    let (mut tries, mut size) = (0, records.len());
    while let Some(first) = left.first() {
        let now = left.get(..size.min(left.len())).unwrap_or(left);
        let answer = handler
            .invoke(app.clone(), json!({ "Records": now }), runtime::request::new_id())
            .await;
        let failed = match &answer {
            Ok(answer) => answer
                .pointer("/batchItemFailures/0/itemIdentifier")
                .and_then(Value::as_str),
            Err(_) => Some(sequence_number(first)),
        };
        let Some(failed) = failed else {
            left = left.get(now.len()..).unwrap_or_default();
            (tries, size) = (0, records.len());
            continue;
        };
        if answer.is_err() && now.len() > 1 {
            size = now.len() / 2;
            continue;
        }
        let done = now.iter().position(|record| sequence_number(record) == failed);
        let done = done.unwrap_or(0);
        tries = if done > 0 { 1 } else { tries + 1 };
        left = left.get(done..).unwrap_or_default();
        if tries >= TRIES {
            tracing::error!(
                handler = handler.operation.id,
                sequence_number = failed,
                "a record was given up"
            );
            left = left.get(1..).unwrap_or_default();
            tries = 0;
        } else {
            tokio::time::sleep(Duration::from_millis(100 * u64::from(tries))).await;
        }
    }
}

fn sequence_number(record: &Value) -> &str {
    let number = record.pointer("/dynamodb/SequenceNumber");
    number.and_then(Value::as_str).unwrap_or_default()
}

/// A record as Lambda hands it over.
fn record(record: &Record) -> Value {
    let change = record.dynamodb();
    let image = |image: Option<&HashMap<String, aws_sdk_dynamodbstreams::types::AttributeValue>>| {
        let item: Option<serde_dynamo::Item> = image.map(|image| image.clone().into());
        item.and_then(|item| serde_json::to_value(item).ok())
            .unwrap_or_else(|| json!({}))
    };
    let identity = record.user_identity().map(|identity| {
        json!({ "type": identity.r#type().unwrap_or_default(), "principalId": identity.principal_id().unwrap_or_default() })
    });
    let at = change
        .and_then(|change| change.approximate_creation_date_time())
        .map_or(0, |at| at.secs());
    json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(|name| name.as_str()),
        "eventVersion": record.event_version(),
        "eventSource": "aws:dynamodb",
        "awsRegion": record.aws_region().unwrap_or_default(),
        "userIdentity": identity,
        "dynamodb": {
            "ApproximateCreationDateTime": at,
            "Keys": image(change.and_then(|change| change.keys())),
            "NewImage": image(change.and_then(|change| change.new_image())),
            "OldImage": image(change.and_then(|change| change.old_image())),
            "SequenceNumber": change.and_then(|change| change.sequence_number()).unwrap_or_default(),
            "SizeBytes": change.and_then(|change| change.size_bytes()).unwrap_or(0),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}
