//! Opening places, the first time and again.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::id::TenantId;
use domain::task::Task;
use domain::{Error, Result};
use jiff::Timestamp;

use crate::dynamo::{Store, Written, conditional};
use crate::item::{Item, ItemExt, from_item, number, text, to_item};
use crate::keys;
use crate::table::Table;

/// What an opening puts in place each time; the rest is that of the first.
const OF_THE_EXECUTION: &[&str] = &["epoch", "token", "revision", "answered_at"];

/// How often the row may change between two looks at it.
const TRIES: usize = 5;

impl Store {
    /// Opens a task. Opening it again, for a newer execution or because the first try was cut off, puts the epoch and
    /// the token of that execution in place and keeps all else; a decided one is to be answered again. None: a newer
    /// execution has opened it.
    pub async fn task_open(&self, tenant: &TenantId, task: &Task) -> Result<Option<Task>> {
        // Whether it is decided or closed shows only in the refusal, so that the first opening is one call.
        let mut update = self.first_opening(tenant, task)?;
        for _ in 0..TRIES {
            let found: Task = match conditional(update).await? {
                Written::Done(item) => return from_item(item).map(Some),
                Written::Refused(None) => {
                    return Err(Error::Unavailable("open a place that is being removed"));
                }
                Written::Refused(Some(item)) => from_item(item)?,
            };
            if found.epoch > task.epoch {
                return Ok(None);
            }
            update = match (&found.decided, found.closed_at) {
                (Some(decision), _) => self.opening_of_decided(tenant, task, decision.at),
                (None, Some(_)) => self.opening_of_closed(tenant, task),
                (None, None) => self.first_opening(tenant, task)?,
            };
        }
        Err(Error::Unavailable("open a place that changes all the time"))
    }

    fn first_opening(&self, tenant: &TenantId, task: &Task) -> Result<UpdateItemFluentBuilder> {
        let mut fields: Item = to_item(task)?;
        for own in OF_THE_EXECUTION {
            fields.remove(*own);
        }
        if let Some(due) = task.next_due() {
            let shard = keys::shard(&task.id.instance);
            fields = fields.indexed(keys::due(tenant, shard), keys::by_time(due.at(), &task.id));
        }
        let mut update = self.opening(tenant, task).condition_expression(
            "attribute_not_exists(pk) OR (epoch <= :epoch AND attribute_not_exists(decided) \
             AND attribute_not_exists(closed_at))",
        );
        let mut sets = vec![OPENED.to_owned()];
        for (n, (field, value)) in fields.into_iter().enumerate() {
            sets.push(format!("#f{n} = if_not_exists(#f{n}, :v{n})"));
            update = update
                .expression_attribute_names(format!("#f{n}"), field)
                .expression_attribute_values(format!(":v{n}"), value);
        }
        Ok(update.update_expression(format!("SET {} REMOVE answered_at, frozen_at", sets.join(", "))))
    }

    fn opening_of_decided(
        &self,
        tenant: &TenantId,
        task: &Task,
        decided: Timestamp,
    ) -> UpdateItemFluentBuilder {
        self.opening(tenant, task)
            .condition_expression("epoch <= :epoch AND attribute_exists(decided)")
            .update_expression(format!(
                "SET {OPENED}, gsi1pk = :unanswered, gsi1sk = :at REMOVE answered_at, frozen_at"
            ))
            .expression_attribute_values(":unanswered", text(keys::unanswered(tenant)))
            .expression_attribute_values(":at", text(keys::by_time(decided, &task.id)))
    }

    fn opening_of_closed(&self, tenant: &TenantId, task: &Task) -> UpdateItemFluentBuilder {
        self.opening(tenant, task)
            .condition_expression("epoch <= :epoch AND attribute_exists(closed_at)")
            .update_expression(format!("SET {OPENED} REMOVE frozen_at"))
    }

    fn opening(&self, tenant: &TenantId, task: &Task) -> UpdateItemFluentBuilder {
        self.update(Table::Tasks, &keys::task(tenant, &task.id))
            .expression_attribute_values(":epoch", number(task.epoch))
            .expression_attribute_values(":token", text(&task.token))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_names("#token", "token")
            .expression_attribute_names("#revision", "revision")
    }
}

const OPENED: &str = "epoch = :epoch, #token = :token, #revision = if_not_exists(#revision, :none) + :one";
