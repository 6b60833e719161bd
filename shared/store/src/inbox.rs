//! What stands in people's lists: a row per person and task, moved between the lists by changing its place in the index.

use domain::Result;
use domain::id::{InstanceId, Key, TaskId, TenantId, TicketId, UserId};
use domain::page::Page;
use domain::task::{Candidate, Task};
use domain::text::Text;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dynamo::{Order, PageRequest, Store, conditional};
use crate::item::{Item, ItemExt, Stored, number, text, to_item};
use crate::keys::{self, InboxList};
use crate::table::Table;

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRow {
    /// The task; none in the list of what one has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    pub instance: InstanceId,
    pub ticket: TicketId,
    pub workflow: Key,
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// When it came into the list.
    pub since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// What the person voted, in the list of what is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Stored for InboxRow {}

/// How long the row of a task that others decided remains, so that a late opening cannot bring it back.
const CLOSED_ROW: SignedDuration = SignedDuration::from_hours(400 * 24);

impl InboxRow {
    pub fn of_task(task: &Task) -> Self {
        Self {
            task: Some(task.id.clone()),
            name: Some(task.name.clone()),
            instance: task.id.instance.clone(),
            ticket: task.ticket.clone(),
            workflow: task.workflow.clone(),
            outcomes: task.outcomes.clone(),
            since: task.opened_at,
            due_at: task.due_at,
            outcome: None,
        }
    }
}

impl Store {
    /// Puts a task into a voter's to-do list, unless it was there before.
    pub async fn inbox_add(&self, tenant: &TenantId, user: &UserId, task: &Task) -> Result<()> {
        let item = to_item(&InboxRow::of_task(task))?
            .at(&keys::inbox(tenant, user, &task.id))
            .indexed(
                keys::inbox_list(tenant, InboxList::Todo, user),
                keys::by_time(task.opened_at, &task.id),
            );
        self.put_new(Table::Tasks, item).await.map(|_| ())
    }

    /// Offers a task to a person or a role, unless it was offered before.
    pub async fn offer_add(&self, tenant: &TenantId, to: &Candidate, task: &Task) -> Result<()> {
        let item = to_item(&InboxRow::of_task(task))?
            .at(&keys::offer(tenant, to, &task.id))
            .indexed(
                keys::offers_to(tenant, to),
                keys::by_time(task.opened_at, &task.id),
            );
        self.put_new(Table::Tasks, item).await.map(|_| ())
    }

    /// Notes what a person started.
    pub async fn started_add(&self, tenant: &TenantId, user: &UserId, row: &InboxRow) -> Result<()> {
        let item: Item = to_item(row)?
            .at(&keys::started(tenant, user, &row.instance))
            .indexed(
                keys::inbox_list(tenant, InboxList::Started, user),
                keys::by_time(row.since, &row.instance),
            );
        self.put_new(Table::Tasks, item).await.map(|_| ())
    }

    /// Moves a task from what a person has to do to what they have done.
    pub async fn inbox_done(
        &self,
        tenant: &TenantId,
        user: &UserId,
        task: &TaskId,
        outcome: &str,
        at: Timestamp,
    ) -> Result<()> {
        let update = self
            .update(Table::Tasks, &keys::inbox(tenant, user, task))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET gsi1pk = :done, gsi1sk = :at, outcome = :outcome, #since = :since")
            .expression_attribute_names("#since", "since")
            .expression_attribute_values(":done", text(keys::inbox_list(tenant, InboxList::Done, user)))
            .expression_attribute_values(":at", text(keys::by_time(at, task)))
            .expression_attribute_values(":outcome", text(outcome))
            .expression_attribute_values(":since", text(at.to_string()));
        conditional(update).await.map(|_| ())
    }

    /// Takes a task that others decided, or that was left, out of a voter's list. What the voter has done stays.
    pub async fn inbox_close(
        &self,
        tenant: &TenantId,
        user: &UserId,
        task: &TaskId,
        at: Timestamp,
    ) -> Result<()> {
        self.close(&keys::inbox(tenant, user, task), at).await
    }

    pub async fn offer_close(
        &self,
        tenant: &TenantId,
        to: &Candidate,
        task: &TaskId,
        at: Timestamp,
    ) -> Result<()> {
        self.close(&keys::offer(tenant, to, task), at).await
    }

    /// Leaves a row without a list: an opening that comes late finds it and adds none.
    async fn close(&self, key: &keys::ItemKey, at: Timestamp) -> Result<()> {
        let update = self
            .update(Table::Tasks, key)
            .condition_expression("attribute_not_exists(outcome)")
            .update_expression("SET expires_at = :expiry REMOVE gsi1pk, gsi1sk")
            .expression_attribute_values(":expiry", number((at + CLOSED_ROW).as_second()));
        conditional(update).await.map(|_| ())
    }

    /// A person's list, newest first.
    pub async fn inbox_list(
        &self,
        tenant: &TenantId,
        list: InboxList,
        user: &UserId,
        page: &PageRequest,
    ) -> Result<Page<InboxRow>> {
        self.query_index(
            Table::Tasks,
            &keys::inbox_list(tenant, list, user),
            Order::Descending,
            page,
        )
        .await
    }

    /// What is offered to a person or a role, newest first.
    pub async fn offer_list(
        &self,
        tenant: &TenantId,
        to: &Candidate,
        page: &PageRequest,
    ) -> Result<Page<InboxRow>> {
        self.query_index(
            Table::Tasks,
            &keys::offers_to(tenant, to),
            Order::Descending,
            page,
        )
        .await
    }
}
