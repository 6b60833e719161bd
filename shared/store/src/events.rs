//! The event store: what the streams carried, kept with its aggregate.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::Event;
use domain::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::Store;
use crate::item::{self, Item, ItemExt, Stored, from_item, to_item};
use crate::keys;
use crate::table::{PARTITION_KEY, Table};

/// An event in its place: (aggregate, sequence) is its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// The aggregate's revision that brought it, and its number among the events of that revision.
    pub sequence: u64,
    #[serde(flatten)]
    pub event: Event,
}

impl Stored for StoredEvent {
    const JSON: &[&str] = &["data"];
}

impl Stored for Event {
    const JSON: &[&str] = &["data"];
}

/// At most so many events ride on one write.
const EVENTS_PER_REVISION: u64 = 100;

/// Events as the attribute `events` of the item that changed.
pub(crate) fn attribute(events: &[Event]) -> Result<AttributeValue> {
    let mut values = serde_json::to_value(events).map_err(|e| Error::internal("write events", e))?;
    for event in values.as_array_mut().into_iter().flatten() {
        if let Some(data) = event.get_mut("data") {
            *data = Value::String(data.to_string());
        }
    }
    item::attribute(&values)
}

impl Store {
    /// Appends the events that a change brought: those of the new image that the old one did not hold.
    /// Keyed by aggregate and sequence, so that a record delivered twice appends nothing new.
    pub async fn events_append(&self, old: Option<&Item>, new: Option<&Item>) -> Result<usize> {
        let Some(new) = new else { return Ok(0) };
        if old.is_some_and(|old| old.get("revision") == new.get("revision")) {
            return Ok(0);
        }
        let revision = new
            .get("revision")
            .and_then(|n| n.as_n().ok()?.parse::<u64>().ok());
        let aggregate = new.get(PARTITION_KEY).and_then(|pk| pk.as_s().ok());
        let (Some(revision), Some(aggregate)) = (revision, aggregate) else {
            return Ok(0);
        };
        let events = new
            .get("events")
            .and_then(|events| events.as_l().ok())
            .into_iter()
            .flatten();
        let mut items = Vec::new();
        for (number, event) in (0_u64..).zip(events) {
            let Ok(event) = event.as_m() else { continue };
            let sequence = revision * EVENTS_PER_REVISION + number;
            let stored = StoredEvent {
                sequence,
                event: from_item(event.clone())?,
            };
            items.push(to_item(&stored)?.at(&keys::event(aggregate, sequence)));
        }
        let count = items.len();
        self.put_all(Table::Events, items).await?;
        Ok(count)
    }

    /// The events of one aggregate, in order.
    pub async fn events_of(&self, aggregate: &keys::ItemKey) -> Result<Vec<StoredEvent>> {
        self.query_all(Table::Events, &aggregate.pk, "EVENT#").await
    }
}
