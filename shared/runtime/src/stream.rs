//! The loop over the changes of a table: in order, up to the first that fails, from which the stream goes on again.

use std::future::Future;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use domain::Result;
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

pub async fn each_change<F>(
    event: Event,
    handle: impl Fn(Change) -> F,
) -> Result<StreamResponse, FunctionError>
where
    F: Future<Output = Result<()>>,
{
    for record in event.records {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        if let Err(error) = handle(change(record)).await {
            let request_id = request::current().id;
            tracing::warn!(
                request_id,
                sequence_number,
                error = chain(&error),
                "change not handled"
            );
            return Ok(StreamResponse {
                failures: vec![StreamFailure { sequence_number }],
            });
        }
    }
    Ok(StreamResponse::default())
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
