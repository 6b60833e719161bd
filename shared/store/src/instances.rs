//! Instances and the steps they passed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::event::Event;
use domain::id::{InstanceId, Iteration, TenantId};
use domain::instance::{Incident, Instance, InstanceStatus};
use domain::page::Page;
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::{Order, PageRequest, Store, Written, conditional};
use crate::events;
use crate::item::{self, Item, ItemExt, Stored, from_item, number, text, to_item};
use crate::keys;
use crate::table::{SORT_KEY, Table};

impl Stored for Instance {
    const JSON: &[&str] = &["data.*", "events.*.data"];
}

/// A node that an instance entered. Human tasks tell more of theirs by their own row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRow {
    /// The order in which the nodes were entered, from 1. Nodes in branches of one fork may have the same number.
    pub seq: u32,
    pub node: String,
    pub visit: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iteration: Option<Iteration>,
    pub entered_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
}

impl Stored for StepRow {}

/// An instance whose end has not been told to all who wait for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unsettled {
    gsi1sk: String,
    #[serde(flatten)]
    pub instance: Instance,
}

impl Stored for Unsettled {
    const JSON: &[&str] = Instance::JSON;
}

impl Unsettled {
    /// Whether it is time to look after it.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.gsi1sk.as_str() <= keys::instant(now).as_str()
    }
}

/// How long after its start an instance is looked after for the first time.
const FIRST_CHECK: SignedDuration = SignedDuration::from_secs(60);

/// How an execution ended, as it is written on its instance.
#[derive(Debug, Clone)]
pub enum End {
    Final {
        status: InstanceStatus,
        /// What the execution carried at its end, variables above all.
        data: BTreeMap<String, Value>,
    },
    Incident(Incident),
}

/// What the write of an end found.
#[derive(Debug)]
pub enum Ended {
    /// The instance as it stands now: this end, or the one that came first.
    Stands(Box<Instance>),
    /// A newer execution handles the instance; this end says nothing about it.
    Stale,
    /// The instance has not been written yet.
    Missing,
}

impl Store {
    /// Writes a new instance, to be looked after by the sweeper until it is settled. False: it is there already.
    pub async fn instance_create(&self, tenant: &TenantId, instance: &Instance) -> Result<bool> {
        let shard = keys::shard(&instance.id);
        let first_check = keys::by_time(instance.started_at + FIRST_CHECK, &instance.id);
        let item = to_item(instance)?
            .at(&keys::instance(tenant, &instance.id))
            .indexed(keys::running(tenant, shard), first_check);
        self.put_new(Table::Instances, item).await
    }

    pub async fn instance_get(&self, tenant: &TenantId, id: &InstanceId) -> Result<Option<Instance>> {
        self.get(Table::Instances, &keys::instance(tenant, id)).await
    }

    /// The unsettled instances of one shard, the one to be looked after soonest first.
    pub async fn instance_unsettled(
        &self,
        tenant: &TenantId,
        shard: u32,
        page: &PageRequest,
    ) -> Result<Page<Unsettled>> {
        self.query_index(
            Table::Instances,
            &keys::running(tenant, shard),
            Order::Ascending,
            page,
        )
        .await
    }

    /// Looks after an instance again at a later time.
    pub async fn instance_check_at(&self, tenant: &TenantId, id: &InstanceId, at: Timestamp) -> Result<()> {
        let update = self
            .update(Table::Instances, &keys::instance(tenant, id))
            .condition_expression("attribute_exists(gsi1pk)")
            .update_expression("SET gsi1sk = :at")
            .expression_attribute_values(":at", text(keys::by_time(at, id)));
        conditional(update).await.map(|_| ())
    }

    /// Writes what nodes wrote into the instance's data.
    pub async fn instance_write_data(
        &self,
        tenant: &TenantId,
        id: &InstanceId,
        written: &BTreeMap<String, Value>,
    ) -> Result<()> {
        if written.is_empty() {
            return Ok(());
        }
        let update = self
            .update(Table::Instances, &keys::instance(tenant, id))
            .condition_expression("attribute_exists(pk)");
        let (update, sets) = writes(update, written);
        match conditional(update.update_expression(format!("SET {}", sets.trim_start_matches(", ")))).await? {
            Written::Done(_) => Ok(()),
            // Written by a stream: a moment later it is there.
            Written::Refused(_) => Err(Error::Unavailable(
                "write the data of an instance that is still being created",
            )),
        }
    }

    /// Writes the end of the execution `epoch`, unless another end stands or a newer execution runs.
    pub async fn instance_end(
        &self,
        tenant: &TenantId,
        id: &InstanceId,
        epoch: u32,
        end: &End,
        at: Timestamp,
    ) -> Result<Ended> {
        let (status, event) = match end {
            End::Final { status, .. } => (*status, Event::new("instance.ended", at)),
            End::Incident(_) => (InstanceStatus::Incident, Event::new("instance.incident", at)),
        };
        let event = event.with(serde_json::json!({ "status": status.as_str() }));
        let update = self
            .update(Table::Instances, &keys::instance(tenant, id))
            .condition_expression("epoch = :epoch AND #status IN (:running, :suspended)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":epoch", number(epoch))
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":suspended", text("suspended"))
            .expression_attribute_values(":status", text(status.as_str()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":events", events::attribute(&[event])?);
        let update = match end {
            End::Final { data, .. } => {
                let (update, sets) = writes(update, data);
                update
                    .update_expression(format!(
                        "SET #status = :status, ended_at = :at, revision = revision + :one, events = :events{sets}"
                    ))
                    .expression_attribute_values(":at", text(at.to_string()))
            }
            End::Incident(incident) => update
                .update_expression(
                    "SET #status = :status, incident = :incident, revision = revision + :one, events = :events",
                )
                .expression_attribute_values(":incident", item::attribute(incident)?),
        };
        match conditional(update).await? {
            Written::Done(item) | Written::Refused(Some(item)) => {
                let instance: Instance = from_item(item)?;
                let stale = instance.epoch != epoch;
                Ok(if stale {
                    Ended::Stale
                } else {
                    Ended::Stands(Box::new(instance))
                })
            }
            Written::Refused(None) => Ok(Ended::Missing),
        }
    }

    /// Takes a wanted end (cancel, terminate) as the intent: from here on the running execution is a stale one.
    /// None: the instance has ended already.
    pub async fn instance_stop(
        &self,
        tenant: &TenantId,
        instance: &Instance,
        status: InstanceStatus,
        event: Event,
    ) -> Result<Option<Instance>> {
        let update = self
            .update(Table::Instances, &keys::instance(tenant, &instance.id))
            .condition_expression("epoch = :epoch AND #status IN (:running, :suspended, :incident)")
            .update_expression(
                "SET #status = :status, ended_at = :at, epoch = epoch + :one, revision = revision + :one, \
                 events = :events",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":epoch", number(instance.epoch))
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":suspended", text("suspended"))
            .expression_attribute_values(":incident", text("incident"))
            .expression_attribute_values(":status", text(status.as_str()))
            .expression_attribute_values(":at", text(event.at.to_string()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":events", events::attribute(&[event])?);
        moved(conditional(update).await?)
    }

    /// Takes the intent to let an instance rest: from here on the running execution is a stale one.
    /// None: it is not running under this epoch.
    pub async fn instance_suspend(
        &self,
        tenant: &TenantId,
        instance: &Instance,
        event: Event,
    ) -> Result<Option<Instance>> {
        let update = self
            .move_status(
                tenant,
                instance,
                InstanceStatus::Running,
                InstanceStatus::Suspended,
                event,
            )?
            .update_expression(
                "SET #status = :to, epoch = epoch + :one, revision = revision + :one, events = :events",
            );
        moved(conditional(update).await?)
    }

    /// Takes the intent to let an instance go on, on this machine (none: that of its version). None: it is not suspended.
    pub async fn instance_resume(
        &self,
        tenant: &TenantId,
        instance: &Instance,
        machine: Option<&str>,
        event: Event,
    ) -> Result<Option<Instance>> {
        let update = self.move_status(
            tenant,
            instance,
            InstanceStatus::Suspended,
            InstanceStatus::Running,
            event,
        )?;
        let sets = "#status = :to, revision = revision + :one, events = :events";
        moved(conditional(on_machine(update, sets, machine)).await?)
    }

    fn move_status(
        &self,
        tenant: &TenantId,
        instance: &Instance,
        from: InstanceStatus,
        to: InstanceStatus,
        event: Event,
    ) -> Result<UpdateItemFluentBuilder> {
        Ok(self
            .update(Table::Instances, &keys::instance(tenant, &instance.id))
            .condition_expression("epoch = :epoch AND #status = :from")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":epoch", number(instance.epoch))
            .expression_attribute_values(":from", text(from.as_str()))
            .expression_attribute_values(":to", text(to.as_str()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":events", events::attribute(&[event])?))
    }

    /// Takes the next epoch, before a new execution is started in the place of one that was lost, on this machine (none:
    /// that of the version).
    pub async fn instance_next_epoch(
        &self,
        tenant: &TenantId,
        id: &InstanceId,
        epoch: u32,
        machine: Option<&str>,
    ) -> Result<Option<Instance>> {
        let update = self
            .update(Table::Instances, &keys::instance(tenant, id))
            .condition_expression("epoch = :epoch AND #status = :running")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":epoch", number(epoch))
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", events::attribute(&[])?);
        let sets = "epoch = epoch + :one, revision = revision + :one, events = :none";
        moved(conditional(on_machine(update, sets, machine)).await?)
    }

    /// Takes an instance whose end has been told to all who wait for it out of the sweeper's sight.
    pub async fn instance_settled(&self, tenant: &TenantId, id: &InstanceId) -> Result<()> {
        let update = self
            .update(Table::Instances, &keys::instance(tenant, id))
            .condition_expression("attribute_exists(gsi1pk)")
            .update_expression("REMOVE gsi1pk, gsi1sk");
        conditional(update).await.map(|_| ())
    }

    /// Writes passed nodes. Keyed by their order, so that writing them twice is writing them once.
    pub async fn steps_put(&self, tenant: &TenantId, id: &InstanceId, steps: &[StepRow]) -> Result<()> {
        let items = steps
            .iter()
            .map(|step| {
                let iteration = step.iteration.as_ref();
                let key = keys::step(tenant, id, step.seq, &step.node, step.visit, iteration);
                Ok(to_item(step)?.at(&key))
            })
            .collect::<Result<Vec<_>>>()?;
        self.put_all(Table::Instances, items).await
    }

    /// The passed nodes of an instance, in order.
    pub async fn steps_of(&self, tenant: &TenantId, id: &InstanceId) -> Result<Vec<StepRow>> {
        let pk = keys::instance(tenant, id).pk;
        self.query_all(Table::Instances, &pk, keys::STEPS).await
    }
}

/// An update that also says on which machine the instance's next execution runs.
fn on_machine(update: UpdateItemFluentBuilder, sets: &str, machine: Option<&str>) -> UpdateItemFluentBuilder {
    match machine {
        Some(machine) => update
            .update_expression(format!("SET {sets}, machine = :machine"))
            .expression_attribute_values(":machine", text(machine)),
        None => update.update_expression(format!("SET {sets} REMOVE machine")),
    }
}

/// The assignments of fields of an instance's data, each led by a comma.
fn writes(
    mut update: UpdateItemFluentBuilder,
    written: &BTreeMap<String, Value>,
) -> (UpdateItemFluentBuilder, String) {
    let mut sets = String::new();
    for (n, (field, value)) in written.iter().enumerate() {
        sets.push_str(&format!(", #d.#f{n} = :v{n}"));
        update = update
            .expression_attribute_names("#d", "data")
            .expression_attribute_names(format!("#f{n}"), field)
            .expression_attribute_values(format!(":v{n}"), item::json(value));
    }
    (update, sets)
}

fn moved(written: Written) -> Result<Option<Instance>> {
    match written {
        Written::Done(item) => from_item(item).map(Some),
        Written::Refused(_) => Ok(None),
    }
}

/// The instance of a stream record's image; none for the other rows of the table.
pub fn instance_of_image(image: Item) -> Result<Option<Instance>> {
    match image
        .get(SORT_KEY)
        .and_then(|sk| sk.as_s().ok())
        .map(String::as_str)
    {
        Some("INSTANCE") => from_item(image).map(Some),
        _ => Ok(None),
    }
}
