//! Messages and signals, and the places that wait for them. Whoever writes one of the two looks for the other afterwards,
//! so that they meet in whatever order they come.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::id::{TaskId, TenantId};
use domain::page::Page;
use domain::place::Decision;
use domain::thrown::{Channel, Thrown, Waiting};
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::dynamo::{Order, PageRequest, Store, conditional};
use crate::item::{self, ItemExt, Stored, number, text, to_item};
use crate::keys::{self, ItemKey};
use crate::places::{DECIDED, IS_OPEN};
use crate::table::Table;

impl Stored for Waiting {}

impl Stored for Thrown {
    const JSON: &[&str] = &["data.*"];
}

/// For how long a message waits for a place, and for how long a second one of the same id is known as such.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An escalation waits for as long as its instance can live: its catcher may be busy with the one before.
const KEPT_INTERNAL: SignedDuration = SignedDuration::from_hours(400 * 24);

fn kept_until(thrown: &Thrown) -> Timestamp {
    let kept = if thrown.channel.is_internal() {
        KEPT_INTERNAL
    } else {
        KEPT
    };
    thrown.at + kept
}

/// What came of giving a message to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    Given,
    /// Another place has it.
    MessageTaken,
    /// The place waits no more.
    PlaceLeft,
}

impl Store {
    /// Lets a place be found by what is thrown. Harmless to repeat.
    pub async fn wait_for(&self, tenant: &TenantId, channel: &Channel, waiting: &Waiting) -> Result<()> {
        let item = to_item(waiting)?.at(&keys::waiting(tenant, channel, waiting));
        self.put(Table::Tasks, item).await
    }

    pub async fn wait_no_more(&self, tenant: &TenantId, channel: &Channel, waiting: &Waiting) -> Result<()> {
        self.delete(Table::Tasks, &keys::waiting(tenant, channel, waiting))
            .await
    }

    /// The places that wait, the one that opened first before the others.
    pub async fn waiting(&self, tenant: &TenantId, channel: &Channel) -> Result<Vec<Waiting>> {
        self.query_all(Table::Tasks, &keys::channel(tenant, channel), keys::WAITING)
            .await
    }

    /// Writes down what was thrown. None: this is new; else what was thrown under the id before.
    pub async fn thrown_put(&self, tenant: &TenantId, thrown: &Thrown) -> Result<Option<Thrown>> {
        let key = keys::thrown(tenant, &thrown.channel, &thrown.id);
        let item = to_item(thrown)?
            .at(&key)
            .indexed(keys::undelivered(tenant), keys::by_time(thrown.at, &thrown.id))
            .expiring(kept_until(thrown));
        if self.put_new(Table::Tasks, item).await? {
            return Ok(None);
        }
        self.get(Table::Tasks, &key).await
    }

    /// The messages that nobody has taken yet, in the order in which they came.
    pub async fn messages_kept(
        &self,
        tenant: &TenantId,
        channel: &Channel,
        now: Timestamp,
    ) -> Result<Vec<Thrown>> {
        let pk = keys::channel(tenant, channel);
        let mut kept: Vec<Thrown> = self.query_all(Table::Tasks, &pk, keys::THROWN).await?;
        // DynamoDB removes what has expired some time later.
        kept.retain(|thrown| thrown.taken_by.is_none() && kept_until(thrown) > now);
        kept.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(kept)
    }

    /// Gives a message to a place: both or neither, so that no message is lost in between and none is had twice.
    pub async fn message_give(
        &self,
        tenant: &TenantId,
        message: &Thrown,
        place: &TaskId,
        decision: &Decision,
    ) -> Result<Given> {
        let taken = self.taking(&keys::thrown(tenant, &message.channel, &message.id), place)?;
        let decided = self.deciding(tenant, place, decision)?;
        Ok(match self.transact(vec![taken, decided]).await? {
            Ok(()) => Given::Given,
            Err(reasons) => match reasons.first().and_then(|reason| reason.code()) {
                Some("ConditionalCheckFailed") => Given::MessageTaken,
                _ => Given::PlaceLeft,
            },
        })
    }

    fn taking(&self, message: &ItemKey, place: &TaskId) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(self.name(Table::Tasks))
            .key("pk", text(&message.pk))
            .key("sk", text(&message.sk))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(taken_by)")
            .update_expression("SET taken_by = :place REMOVE gsi1pk, gsi1sk")
            .expression_attribute_values(":place", text(place.to_string()));
        in_transaction(update)
    }

    fn deciding(&self, tenant: &TenantId, place: &TaskId, decision: &Decision) -> Result<TransactWriteItem> {
        let key = keys::task(tenant, place);
        let update = Update::builder()
            .table_name(self.name(Table::Tasks))
            .key("pk", text(&key.pk))
            .key("sk", text(&key.sk))
            .condition_expression(IS_OPEN)
            .update_expression(format!("SET {DECIDED}"))
            .expression_attribute_values(":decision", item::object(decision)?)
            .expression_attribute_values(":unanswered", text(keys::unanswered(tenant)))
            .expression_attribute_values(":at", text(keys::by_time(decision.at, place)))
            .expression_attribute_values(":one", number(1));
        in_transaction(update)
    }

    /// Takes what was thrown out of the sweeper's sight: a signal that all had, a message that waits for a place.
    pub async fn thrown_done(&self, tenant: &TenantId, thrown: &Thrown, at: Timestamp) -> Result<()> {
        let update = self
            .update(Table::Tasks, &keys::thrown(tenant, &thrown.channel, &thrown.id))
            .condition_expression("attribute_exists(pk)");
        let update = match thrown.channel {
            Channel::Message { .. } => update.update_expression("REMOVE gsi1pk, gsi1sk"),
            Channel::Signal { .. } => update
                .update_expression("SET done_at = :at REMOVE gsi1pk, gsi1sk")
                .expression_attribute_values(":at", text(at.to_string())),
        };
        conditional(update).await.map(|_| ())
    }

    /// What was thrown and may not have reached those who wait, longest ago first: what the sweeper looks at.
    pub async fn thrown_undelivered(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Thrown>> {
        self.query_index(Table::Tasks, &keys::undelivered(tenant), Order::Ascending, page)
            .await
    }
}

fn in_transaction(update: aws_sdk_dynamodb::types::builders::UpdateBuilder) -> Result<TransactWriteItem> {
    let update = update.build().map_err(|e| Error::internal("build a write", e))?;
    Ok(TransactWriteItem::builder().update(update).build())
}
