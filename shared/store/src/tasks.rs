//! The votes on human tasks. What a task has in common with all places is in [`crate::places`].

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::Result;
use domain::id::{TaskId, TenantId, UserId};
use domain::place::{Answer, Decision};
use domain::task::{Task, Vote};
use serde_json::Value;

use crate::dynamo::{Store, Written, conditional};
use crate::item::{self, from_item, number, text};
use crate::keys;
use crate::places::DECIDED;
use crate::table::Table;

/// What a vote met.
#[derive(Debug)]
pub enum Voted {
    Counted(Box<Task>),
    /// The write was refused: the task as it stands, if there is one.
    Refused(Option<Box<Task>>),
}

impl Store {
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
                format!("SET votes.#voter = :vote, {DECIDED}"),
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
        let update = update.update_expression(format!("SET votes.#voter = :vote, {DECIDED}"));
        self.decided(tenant, update, &seen.id, decision).await
    }

    async fn decided_by(
        &self,
        tenant: &TenantId,
        update: UpdateItemFluentBuilder,
        id: &TaskId,
        voter: &UserId,
        vote: &Vote,
    ) -> Result<Voted> {
        let decision = Decision {
            answer: Answer::Outcome {
                outcome: vote.outcome.clone(),
            },
            at: vote.at,
            by: Some(voter.clone()),
        };
        self.decided(tenant, update, id, &decision).await
    }

    fn vote(
        &self,
        tenant: &TenantId,
        id: &TaskId,
        voter: &UserId,
        vote: &Vote,
    ) -> Result<UpdateItemFluentBuilder> {
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
}

pub(crate) fn voted(written: Written) -> Result<Voted> {
    match written {
        Written::Done(item) => Ok(Voted::Counted(Box::new(from_item(item)?))),
        Written::Refused(item) => Ok(Voted::Refused(item.map(from_item).transpose()?.map(Box::new))),
    }
}
