//! The loop over the changes of a table: in order, up to the first that fails, from which the stream goes on again.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use domain::Result;
use futures_util::{StreamExt, stream};
use indexmap::IndexMap;
use serde::Serialize;
use store::item::Item;

use crate::envelope::chain;
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

/// The changes of a batch.
#[derive(Debug)]
pub struct Changes(Vec<Record>);

/// Partitions that are handled at the same time.
const AT_ONCE: usize = 16;

#[derive(Debug)]
struct Record {
    /// In the batch.
    place: usize,
    sequence_number: String,
    change: Change,
}

impl Changes {
    pub fn of(event: Event) -> Self {
        let records = event.records.into_iter().enumerate();
        Self(records.map(|(place, record)| Record::of(place, record)).collect())
    }

    /// Old and new image of each: for what is done for all of them at once.
    pub fn images(&self) -> impl Iterator<Item = (Option<&Item>, Option<&Item>)> {
        let changes = self.0.iter().map(|record| &record.change);
        changes.map(|change| (change.old.as_ref(), change.new.as_ref()))
    }

    /// Handles those of one partition in their order, those of different partitions beside each other, as the shards of a
    /// stream come, too. The stream goes on again from the first that failed.
    pub async fn each<F>(self, handle: impl Fn(Change) -> F) -> StreamResponse
    where
        F: Future<Output = Result<()>>,
    {
        let mut partitions: IndexMap<String, Vec<Record>> = IndexMap::new();
        for record in self.0 {
            partitions.entry(record.partition()).or_default().push(record);
        }
        let handling: Vec<_> = partitions
            .into_values()
            .map(|records| in_order(records, &handle))
            .collect();
        let failed: Vec<Option<Failed>> = stream::iter(handling).buffer_unordered(AT_ONCE).collect().await;
        let failed = failed.into_iter().flatten().min_by_key(|failed| failed.place);
        StreamResponse {
            failures: failed.map(|failed| failed.failure).into_iter().collect(),
        }
    }
}

impl Record {
    fn of(place: usize, record: EventRecord) -> Self {
        Self {
            place,
            sequence_number: record.change.sequence_number.clone().unwrap_or_default(),
            change: change(record),
        }
    }

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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use domain::Error;
    use serde_json::{Value, json};

    use super::*;

    /// One change for each word, which is the partition's name and, behind it, the place in it.
    fn changes(words: &str) -> Changes {
        let record = |(n, word): (usize, &str)| {
            let (partition, place) = word.split_at(1);
            let image = json!({ "pk": { "S": partition }, "sk": { "S": place } });
            json!({ "eventID": n.to_string(), "eventName": "INSERT", "awsRegion": "r", "eventSource": "aws:dynamodb",
                "dynamodb": { "SequenceNumber": n.to_string(), "NewImage": image, "Keys": {}, "SizeBytes": 1,
                    "ApproximateCreationDateTime": 0 } })
        };
        let records: Vec<Value> = words.split(' ').enumerate().map(record).collect();
        Changes::of(serde_json::from_value(json!({ "Records": records })).unwrap())
    }

    fn word(item: &Item) -> String {
        let part = |name| {
            item.get(name)
                .and_then(|value| value.as_s().ok())
                .cloned()
                .unwrap()
        };
        part("pk") + &part("sk")
    }

    #[test]
    fn the_images_come_as_the_records_do() {
        let changes = changes("a1 b1 a2");
        let words: Vec<String> = changes.images().map(|(_, new)| word(new.unwrap())).collect();
        assert_eq!(words, ["a1", "b1", "a2"]);
    }

    #[tokio::test]
    async fn the_stream_goes_on_from_the_first_that_failed() {
        for (fails, goes_on_from, handled) in [
            ("", None, "a1 b1 c1 a2 b2 c2"),
            // What comes behind it in its partition waits for it; the others do not.
            ("b1", Some("1"), "a1 b1 c1 a2 c2"),
            ("b2", Some("4"), "a1 b1 c1 a2 b2 c2"),
            // The first of the batch, not the one that was found first.
            ("c1 a2", Some("2"), "a1 b1 c1 a2 b2"),
        ] {
            let seen = RefCell::new(Vec::new());
            let response = changes("a1 b1 c1 a2 b2 c2").each(async |change| {
                let word = word(&change.new.unwrap());
                seen.borrow_mut().push(word.clone());
                match fails.split(' ').any(|one| one == word) {
                    true => Err(Error::Unavailable("a test")),
                    false => Ok(()),
                }
            });
            let failures = response.await.failures;
            let failed: Vec<&str> = failures
                .iter()
                .map(|failure| failure.sequence_number.as_str())
                .collect();
            assert_eq!(failed, Vec::from_iter(goes_on_from), "{fails}");
            let mut seen = seen.into_inner();
            seen.sort_by_key(|word| word.chars().rev().collect::<String>());
            assert_eq!(seen.join(" "), handled, "{fails}");
        }
    }
}
