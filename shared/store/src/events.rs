//! The event store: what the streams carried, kept with its aggregate.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::Event;
use domain::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::Store;
use crate::item::{self, Item, ItemExt, Stored, from_item, to_item};
use crate::keys::{self, ItemKey};
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
    /// Appends the events that changes brought, all together: those of a new image that the old one did not hold.
    /// Keyed by aggregate and sequence, so that a record delivered twice appends nothing new. Says how many it wrote.
    pub async fn events_append<'a>(
        &self,
        changes: impl IntoIterator<Item = (Option<&'a Item>, Option<&'a Item>)>,
    ) -> Result<usize> {
        let mut events = BTreeMap::new();
        for (old, new) in changes {
            events.extend(brought(old, new)?);
        }
        let items = events
            .into_iter()
            .map(|(key, event)| Ok(to_item(&event)?.at(&key)));
        let items = items.collect::<Result<Vec<_>>>()?;
        let count = items.len();
        self.put_all(Table::Events, items).await?;
        Ok(count)
    }

    /// The events of one aggregate, in order.
    pub async fn events_of(&self, aggregate: &ItemKey) -> Result<Vec<StoredEvent>> {
        self.query_all(Table::Events, &aggregate.pk, "EVENT#").await
    }
}

/// The events of one change, by where they are kept.
fn brought(old: Option<&Item>, new: Option<&Item>) -> Result<Vec<(ItemKey, StoredEvent)>> {
    let Some(new) = new else { return Ok(Vec::new()) };
    if old.is_some_and(|old| old.get("revision") == new.get("revision")) {
        return Ok(Vec::new());
    }
    let revision = new
        .get("revision")
        .and_then(|n| n.as_n().ok()?.parse::<u64>().ok());
    let aggregate = new.get(PARTITION_KEY).and_then(|pk| pk.as_s().ok());
    let (Some(revision), Some(aggregate)) = (revision, aggregate) else {
        return Ok(Vec::new());
    };
    let events = new
        .get("events")
        .and_then(|events| events.as_l().ok())
        .into_iter()
        .flatten();
    let stored = (0_u64..)
        .zip(events)
        .filter_map(|(number, event)| Some((number, event.as_m().ok()?)))
        .map(|(number, event)| {
            let sequence = revision * EVENTS_PER_REVISION + number;
            let event = from_item(event.clone())?;
            Ok((keys::event(aggregate, sequence), StoredEvent { sequence, event }))
        });
    stored.collect()
}
