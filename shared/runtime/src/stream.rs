//! The loop over the changes of a table: in order, up to the first that fails, from which the stream goes on again.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use domain::Result;
use futures_util::{StreamExt, stream};
use indexmap::IndexMap;
use serde::Serialize;
use store::item::Item;

use crate::envelope::chain;
use crate::handler::FunctionError;
use crate::request;

/// A change of one item.
#[derive(Debug)]
pub struct Change {
    pub old: Option<Item>,
    pub new: Option<Item>,
    /// Whether it was its end that came, not somebody's write.
    pub expired: bool,
}

/// The records that were not handled, as a stream's event source mapping reads it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamResponse {
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<StreamFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct StreamFailure {
    #[serde(rename = "itemIdentifier")]
    pub sequence_number: String,
}

/// Handles the changes of a batch: those of one partition in their order, those of different partitions beside each other, as
/// the shards of a stream come, too. The stream goes on again from the first that failed.
pub async fn each_change<F>(
    event: Event,
    handle: impl Fn(Change) -> F,
) -> Result<StreamResponse, FunctionError>
where
    F: Future<Output = Result<()>>,
{
    let mut partitions: IndexMap<String, Vec<Record>> = IndexMap::new();
    for (place, record) in event.records.into_iter().enumerate() {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        let record = Record {
            place,
            sequence_number,
            change: change(record),
        };
        partitions.entry(record.partition()).or_default().push(record);
    }
    let handling: Vec<_> = partitions
        .into_values()
        .map(|records| in_order(records, &handle))
        .collect();
    let failed: Vec<Option<Failed>> = stream::iter(handling).buffer_unordered(AT_ONCE).collect().await;
    let failed = failed.into_iter().flatten().min_by_key(|failed| failed.place);
    Ok(StreamResponse {
        failures: failed.map(|failed| failed.failure).into_iter().collect(),
    })
}

/// Of a batch, its changes alone: for what is done for all of them at once.
pub fn changes(event: &Event) -> Vec<Change> {
    event.records.iter().cloned().map(change).collect()
}

/// Partitions that are handled at the same time.
const AT_ONCE: usize = 16;

struct Record {
    /// In the batch.
    place: usize,
    sequence_number: String,
    change: Change,
}

impl Record {
    fn partition(&self) -> String {
        let image = self.change.new.as_ref().or(self.change.old.as_ref());
        let partition = image.and_then(|item| item.get("pk")?.as_s().ok());
        partition.cloned().unwrap_or_default()
    }
}

struct Failed {
    place: usize,
    failure: StreamFailure,
}

/// Up to the first that fails.
async fn in_order<F>(records: Vec<Record>, handle: &impl Fn(Change) -> F) -> Option<Failed>
where
    F: Future<Output = Result<()>>,
{
    for record in records {
        let Err(error) = handle(record.change).await else {
            continue;
        };
        tracing::warn!(
            request_id = request::current().id,
            sequence_number = record.sequence_number,
            error = chain(&error),
            "change not handled"
        );
        return Some(Failed {
            place: record.place,
            failure: StreamFailure {
                sequence_number: record.sequence_number,
            },
        });
    }
    None
}

fn change(record: EventRecord) -> Change {
    let by = record
        .user_identity
        .as_ref()
        .map(|identity| identity.principal_id.as_str());
    Change {
        expired: by == Some("dynamodb.amazonaws.com"),
        old: image(record.change.old_image),
        new: image(record.change.new_image),
    }
}

/// A record without an image has an empty one.
fn image(image: impl Into<Item>) -> Option<Item> {
    Some(image.into()).filter(|image| !image.is_empty())
}
