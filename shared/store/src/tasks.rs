//! Human tasks: their opening, their votes, their answering.

use domain::Result;
use domain::id::{InstanceId, TaskId, TenantId, UserId};
use domain::page::Page;
use domain::task::{Decision, Task, Vote};
use jiff::Timestamp;
use serde_json::Value;

use crate::dynamo::{Order, PageRequest, Store, Written, conditional};
use crate::item::{self, Item, Stored, from_item, number, text};
use crate::keys;
use crate::table::{SORT_KEY, Table};

impl Stored for Task {
    const JSON: &[&str] = &["votes.*.values.*"];
}

/// What a vote met.
#[derive(Debug)]
pub enum Voted {
    Counted(Box<Task>),
    /// The write was refused: the task as it stands, if there is one.
    Refused(Option<Box<Task>>),
}

impl Store {
    pub async fn task_get(&self, tenant: &TenantId, id: &TaskId) -> Result<Option<Task>> {
        self.get(Table::Tasks, &keys::task(tenant, id)).await
    }

    /// The tasks that an instance has opened.
    pub async fn tasks_of(&self, tenant: &TenantId, instance: &InstanceId) -> Result<Vec<Task>> {
        let pk = format!("{tenant}#INSTANCE#{instance}");
        self.query_all(Table::Tasks, &pk, keys::TASKS).await
    }

    /// A vote that decides, on a task that one vote decides. No read before it: what would have to be read is in the
    /// condition, and a refusal brings the task along.
    pub async fn task_vote_deciding(
        &self,
        tenant: &TenantId,
        id: &TaskId,
        voter: &UserId,
        vote: &Vote,
    ) -> Result<Voted> {
        let update = self
            .vote(tenant, id, voter, vote)?
            .condition_expression(
                "attribute_not_exists(decided) AND attribute_not_exists(closed_at) AND attribute_not_exists(frozen_at) \
                 AND policy = :any \
                 AND contains(voters, :voter) AND contains(outcomes, :outcome)",
            )
            .update_expression(
                "SET votes.#voter = :vote, decided = :decision, gsi1pk = :unanswered, gsi1sk = :at, \
                 revision = revision + :one",
            )
            .expression_attribute_values(":any", text("any"))
            .expression_attribute_values(":outcome", text(&vote.outcome))
            .expression_attribute_values(":voter", text(voter.as_str()));
        self.decided_by(tenant, update, id, voter, vote).await
    }

    /// A vote on a task as it was seen, with the decision that it makes, if it makes one.
    pub async fn task_vote(
        &self,
        tenant: &TenantId,
        seen: &Task,
        voter: &UserId,
        vote: &Vote,
        decision: Option<&Decision>,
    ) -> Result<Voted> {
        let update = self
            .vote(tenant, &seen.id, voter, vote)?
            .condition_expression("revision = :seen")
            .expression_attribute_values(":seen", number(seen.revision));
        let Some(decision) = decision else {
            let update = update.update_expression("SET votes.#voter = :vote, revision = revision + :one");
            return voted(conditional(update).await?);
        };
        let update = update.update_expression(
            "SET votes.#voter = :vote, decided = :decision, gsi1pk = :unanswered, gsi1sk = :at, \
                 revision = revision + :one",
        );
        self.decided(tenant, update, &seen.id, decision).await
    }

    async fn decided_by(
        &self,
        tenant: &TenantId,
        update: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
        id: &TaskId,
        voter: &UserId,
        vote: &Vote,
    ) -> Result<Voted> {
        let decision = Decision {
            outcome: vote.outcome.clone(),
            at: vote.at,
            by: Some(voter.clone()),
        };
        self.decided(tenant, update, id, &decision).await
    }

    async fn decided(
        &self,
        tenant: &TenantId,
        update: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
        id: &TaskId,
        decision: &Decision,
    ) -> Result<Voted> {
        let update = update
            .expression_attribute_values(":decision", item::attribute(decision)?)
            .expression_attribute_values(":unanswered", text(keys::unanswered(tenant)))
            .expression_attribute_values(":at", text(keys::by_time(decision.at, id)));
        voted(conditional(update).await?)
    }

    fn vote(
        &self,
        tenant: &TenantId,
        id: &TaskId,
        voter: &UserId,
        vote: &Vote,
    ) -> Result<aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder> {
        let mut stored = vote.clone();
        for value in stored.values.values_mut() {
            *value = Value::String(value.to_string());
        }
        Ok(self
            .update(Table::Tasks, &keys::task(tenant, id))
            .expression_attribute_names("#voter", voter.as_str())
            .expression_attribute_values(":vote", item::attribute(&stored)?)
            .expression_attribute_values(":one", number(1)))
    }

    /// Decides a task without a vote (nobody to ask, or nobody need be asked).
    pub async fn task_decide(&self, tenant: &TenantId, seen: &Task, decision: &Decision) -> Result<Voted> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, &seen.id))
            .condition_expression("attribute_not_exists(decided) AND attribute_not_exists(closed_at)")
            .update_expression(
                "SET decided = :decision, gsi1pk = :unanswered, gsi1sk = :at, revision = revision + :one",
            )
            .expression_attribute_values(":one", number(1));
        self.decided(tenant, update, &seen.id, decision).await
    }

    /// Makes a candidate the voter of a task that nobody has claimed.
    pub async fn task_claim(&self, tenant: &TenantId, seen: &Task, user: &UserId) -> Result<Voted> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, &seen.id))
            .condition_expression("revision = :seen")
            .update_expression("SET voters = :voters, revision = revision + :one")
            .expression_attribute_values(":seen", number(seen.revision))
            .expression_attribute_values(":voters", item::attribute(&[user])?)
            .expression_attribute_values(":one", number(1));
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

    /// Closes a task that was left without a decision. False: it is decided, or closed already.
    pub async fn task_close(&self, tenant: &TenantId, id: &TaskId, at: Timestamp) -> Result<bool> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, id))
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(decided) AND attribute_not_exists(closed_at)",
            )
            .update_expression("SET closed_at = :at, revision = revision + :one")
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":one", number(1));
        Ok(matches!(conditional(update).await?, Written::Done(_)))
    }

    /// Lets nobody act on an open task until it is opened again.
    pub async fn task_freeze(&self, tenant: &TenantId, id: &TaskId, at: Timestamp) -> Result<()> {
        let update = self
            .update(Table::Tasks, &keys::task(tenant, id))
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(decided) AND attribute_not_exists(closed_at) \
                 AND attribute_not_exists(frozen_at)",
            )
            .update_expression("SET frozen_at = :at, revision = revision + :one")
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":one", number(1));
        conditional(update).await.map(|_| ())
    }

    /// Decided tasks whose execution may not have been told, longest waiting first: what the sweeper looks at.
    pub async fn task_unanswered(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Task>> {
        self.query_index(Table::Tasks, &keys::unanswered(tenant), Order::Ascending, page)
            .await
    }
}

fn voted(written: Written) -> Result<Voted> {
    match written {
        Written::Done(item) => Ok(Voted::Counted(Box::new(from_item(item)?))),
        Written::Refused(item) => Ok(Voted::Refused(item.map(from_item).transpose()?.map(Box::new))),
    }
}

/// The task of a stream record's image; none for the inbox rows of the table.
pub fn task_of_image(image: Item) -> Result<Option<Task>> {
    match image.get(SORT_KEY).and_then(|sk| sk.as_s().ok()) {
        Some(sk) if sk.starts_with(keys::TASKS) && image.contains_key("token") => from_item(image).map(Some),
        _ => Ok(None),
    }
}
