//! What all places have alike: they are decided once, answered, closed, frozen.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::Result;
use domain::id::{InstanceId, TaskId, TenantId};
use domain::page::Page;
use domain::place::Decision;
use domain::task::Task;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dynamo::{Order, PageRequest, Store, Written, conditional};
use crate::item::{self, Item, Stored, from_item, number, text};
use crate::keys;
use crate::table::{SORT_KEY, Table};
use crate::tasks::{Voted, voted};

impl Stored for Task {
    const JSON: &[&str] = &["votes.*.values.*", "decided.data.*", "call.data.*", "state"];
}

impl Stored for Decision {
    const JSON: &[&str] = &["data.*"];
}

/// Neither decided nor closed.
pub(crate) const IS_OPEN: &str =
    "attribute_exists(pk) AND attribute_not_exists(decided) AND attribute_not_exists(closed_at)";

/// A place whose timer stands in the index of what is due.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DuePlace {
    gsi1sk: String,
    #[serde(flatten)]
    pub place: Task,
}

impl Stored for DuePlace {
    const JSON: &[&str] = Task::JSON;
}

impl DuePlace {
    pub fn is_due(&self, now: Timestamp) -> bool {
        // What follows the instant (the place's id) counts among equal instants only.
        self.gsi1sk.split('#').next() <= Some(keys::instant(now).as_str())
    }
}

impl Store {
    pub async fn task_get(&self, tenant: &TenantId, id: &TaskId) -> Result<Option<Task>> {
        self.get(Table::Tasks, &keys::task(tenant, id)).await
    }

    /// The places that an instance has opened.
    pub async fn tasks_of(&self, tenant: &TenantId, instance: &InstanceId) -> Result<Vec<Task>> {
        let pk = format!("{tenant}#INSTANCE#{instance}");
        self.query_all(Table::Tasks, &pk, keys::TASKS).await
    }

    /// All visits of one node that an instance has opened.
    pub async fn visits_of(&self, tenant: &TenantId, place: &TaskId) -> Result<Vec<Task>> {
        let pk = keys::task(tenant, place).pk;
        self.query_all(Table::Tasks, &pk, &keys::visits_of(&place.node))
            .await
    }

    /// Decides a place: the one write that does, whoever makes it. Refused: it is decided or closed, as it shows.
    pub async fn task_decide(&self, tenant: &TenantId, id: &TaskId, decision: &Decision) -> Result<Voted> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, id))
            .condition_expression(IS_OPEN)
            .update_expression(format!("SET {DECIDED}"))
            .expression_attribute_values(":one", number(1));
        self.decided(tenant, update, id, decision).await
    }

    /// The values of [`DECIDED`], and the write.
    pub(crate) async fn decided(
        &self,
        tenant: &TenantId,
        update: UpdateItemFluentBuilder,
        id: &TaskId,
        decision: &Decision,
    ) -> Result<Voted> {
        let update = update
            .expression_attribute_values(":decision", item::object(decision)?)
            .expression_attribute_values(":unanswered", text(keys::unanswered(tenant)))
            .expression_attribute_values(":at", text(keys::by_time(decision.at, id)));
        voted(conditional(update).await?)
    }

    /// Notes that the execution of `epoch` has been told the decision.
    pub async fn task_answered(
        &self,
        tenant: &TenantId,
        id: &TaskId,
        epoch: u32,
        at: Timestamp,
    ) -> Result<()> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, id))
            .condition_expression(
                "epoch = :epoch AND attribute_exists(decided) AND attribute_not_exists(answered_at)",
            )
            .update_expression("SET answered_at = :at, revision = revision + :one REMOVE gsi1pk, gsi1sk")
            .expression_attribute_values(":epoch", number(epoch))
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":one", number(1));
        conditional(update).await.map(|_| ())
    }

    /// Closes a place that was left without a decision. False: it is decided, or closed already.
    pub async fn task_close(&self, tenant: &TenantId, id: &TaskId, at: Timestamp) -> Result<bool> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, id))
            .condition_expression(IS_OPEN)
            .update_expression("SET closed_at = :at, revision = revision + :one REMOVE gsi1pk, gsi1sk")
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":one", number(1));
        Ok(matches!(conditional(update).await?, Written::Done(_)))
    }

    /// Lets nobody act on an open place until it is opened again.
    pub async fn task_freeze(&self, tenant: &TenantId, id: &TaskId, at: Timestamp) -> Result<()> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, id))
            .condition_expression(format!("{IS_OPEN} AND attribute_not_exists(frozen_at)"))
            .update_expression("SET frozen_at = :at, revision = revision + :one")
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":one", number(1));
        conditional(update).await.map(|_| ())
    }

    /// Decided places whose execution may not have been told, longest waiting first: what the sweeper looks at.
    pub async fn task_unanswered(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Task>> {
        self.query_index(Table::Tasks, &keys::unanswered(tenant), Order::Ascending, page)
            .await
    }

    /// Open places with a timer, the first to be due first.
    pub async fn places_due(
        &self,
        tenant: &TenantId,
        shard: u32,
        page: &PageRequest,
    ) -> Result<Page<DuePlace>> {
        self.query_index(Table::Tasks, &keys::due(tenant, shard), Order::Ascending, page)
            .await
    }

    /// Puts a place that was seen where it belongs among those that are due, and those who got it as well, if any, into
    /// it. Refused: it has changed.
    pub async fn place_after_due(&self, tenant: &TenantId, seen: &Task, after: &Task) -> Result<Voted> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, &seen.id))
            .condition_expression(format!("revision = :seen AND {IS_OPEN}"))
            .expression_attribute_values(":seen", number(seen.revision))
            .expression_attribute_values(":one", number(1));
        let mut sets = "revision = revision + :one".to_owned();
        let update = match &after.escalation {
            Some(escalation) => {
                sets.push_str(", escalation = :escalation, voters = :voters, candidates = :candidates");
                update
                    .expression_attribute_values(":escalation", item::attribute(escalation)?)
                    .expression_attribute_values(":voters", item::attribute(&after.voters)?)
                    .expression_attribute_values(":candidates", item::attribute(&after.candidates)?)
            }
            None => update,
        };
        let update = match after.next_due() {
            Some(due) => update
                .update_expression(format!("SET {sets}, gsi1pk = :due, gsi1sk = :at"))
                .expression_attribute_values(":due", text(keys::due(tenant, keys::shard(&seen.id.instance))))
                .expression_attribute_values(":at", text(keys::by_time(due.at(), &seen.id))),
            None => update.update_expression(format!("SET {sets} REMOVE gsi1pk, gsi1sk")),
        };
        voted(conditional(update).await?)
    }

    /// Remembers that a visit of an activity has been left: its listeners are over, also those that open later.
    pub async fn release(&self, tenant: &TenantId, activity: &TaskId) -> Result<()> {
        let item = item::ItemExt::at(Item::new(), &keys::released(tenant, activity));
        self.put(Table::Tasks, item).await
    }

    pub async fn is_released(&self, tenant: &TenantId, activity: &TaskId) -> Result<bool> {
        let found: Option<Released> = self.get(Table::Tasks, &keys::released(tenant, activity)).await?;
        Ok(found.is_some())
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Released {}

impl Stored for Released {}

/// What every decision sets.
pub(crate) const DECIDED: &str =
    "decided = :decision, gsi1pk = :unanswered, gsi1sk = :at, revision = revision + :one";

/// The place of a stream record's image; none for the other rows of the table.
pub fn task_of_image(image: Item) -> Result<Option<Task>> {
    match image.get(SORT_KEY).and_then(|sk| sk.as_s().ok()) {
        Some(sk) if sk.starts_with(keys::TASKS) && image.contains_key("token") => from_item(image).map(Some),
        _ => Ok(None),
    }
}
