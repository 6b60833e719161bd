//! The end of an execution, and of the instance that it was for.

use std::collections::BTreeMap;

use domain::id::TenantId;
use domain::instance::{Incident, Instance, InstanceStatus, parse_execution_name};
use domain::place::PlaceKind;
use domain::{Error, Result};
use jiff::Timestamp;
use runtime::App;
use serde_json::Value;
use store::instances::{End, Ended};

use crate::execution::{Header, Input, Output};
use crate::{call, instance, place, resume, start, steps};

/// An execution that has ended, as the event or a look at it tells.
#[derive(Debug, Clone)]
pub struct EndedExecution {
    /// Its name: the instance and the epoch.
    pub name: String,
    /// What it was given.
    pub input: Input,
    pub outcome: Outcome,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub enum Outcome {
    Succeeded(Output),
    Failed { error: String, cause: String },
}

/// The error of executions that a restart of the endpoint has lost. AWS has no such thing.
const LOST: &str = "States.ServiceRestart";

/// Writes the end of an execution on its instance, then tells all who wait for it. May be called twice, late, and for
/// executions that a newer one has replaced.
pub async fn end(app: &App, execution: &EndedExecution) -> Result<()> {
    let header = &execution.input.header;
    let named = parse_execution_name(&execution.name);
    if named.as_ref() != Some(&(header.instance.clone(), header.epoch)) {
        tracing::warn!(execution = execution.name, "not an execution of ours");
        return Ok(());
    }
    let end = match &execution.outcome {
        Outcome::Succeeded(output) => {
            // The trace is whole before the status is final.
            steps::write(app, header, &output.path, execution.at).await?;
            End::Final {
                status: InstanceStatus::of_end(output.status.as_deref()),
                data: few(app, header, &output.data).await?,
            }
        }
        Outcome::Failed { error, .. } if error == LOST => return lost(app, header).await,
        Outcome::Failed { error, cause } => End::Incident(Incident {
            error: error.clone(),
            cause: cause.clone(),
            at: execution.at,
        }),
    };
    let tenant = &header.tenant;
    let mut ended = app
        .store
        .instance_end(tenant, &header.instance, header.epoch, &end, execution.at)
        .await?;
    if matches!(ended, Ended::Missing) {
        // Faster than the stream that brings the instance into being.
        let Some(instance) = instance::of_ticket(app, tenant, &header.instance).await? else {
            return Err(Error::NotFound("instance"));
        };
        app.store.instance_create(tenant, &instance).await?;
        ended = app
            .store
            .instance_end(tenant, &header.instance, header.epoch, &end, execution.at)
            .await?;
    }
    match ended {
        Ended::Stands(instance) => settle(app, tenant, &instance).await,
        Ended::Stale | Ended::Missing => Ok(()),
    }
}

/// Fields that one write takes along: an expression of DynamoDB has at most 4 KB.
const MOST_FIELDS: usize = 100;

/// What goes into the write of the end; what is too much for it is written before.
async fn few(app: &App, header: &Header, data: &BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>> {
    let mut few = BTreeMap::new();
    for (field, value) in data {
        if few.len() == MOST_FIELDS {
            let (tenant, instance) = (&header.tenant, &header.instance);
            app.store.instance_write_data(tenant, instance, &few).await?;
            few.clear();
        }
        few.insert(field.clone(), value.clone());
    }
    Ok(few)
}

/// Tells the end of an instance to all who wait for it: its ticket or the place that called it, and those who have a task of it in their lists.
pub async fn settle(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    if !instance.status.is_final() {
        return Ok(());
    }
    let at = instance.ended_at.unwrap_or(instance.started_at);
    if !matches!(
        instance.status,
        InstanceStatus::Completed | InstanceStatus::Rejected
    ) {
        stop_execution(app, tenant, instance).await?;
    }
    // Also where the execution has come to its end: a place that was opened while its scope was being left is open yet.
    for task in app.store.tasks_of(tenant, &instance.id).await? {
        if task.is_open() {
            app.store.task_close(tenant, &task.id, at).await?;
        }
    }
    if instance.parent.is_some() {
        call::answer(app, tenant, instance).await?;
    } else {
        app.store
            .ticket_resolve(tenant, &instance.ticket, instance.status.as_str(), at)
            .await?;
    }
    app.store.instance_settled(tenant, &instance.id).await
}

/// Does what a suspension means, once its intent is written: stops the execution, and lets nobody act on open tasks.
pub async fn rest(app: &App, tenant: &TenantId, instance: &Instance, at: Timestamp) -> Result<()> {
    stop_execution(app, tenant, instance).await?;
    for task in app.store.tasks_of(tenant, &instance.id).await? {
        if task.is_open() && task.kind == PlaceKind::Call {
            call::rest(app, tenant, &task, at).await?;
        }
        if task.is_open() && task.frozen_at.is_none() {
            app.store.task_freeze(tenant, &task.id, at).await?;
        }
    }
    Ok(())
}

/// Stops the execution that an intent made a stale one: that of the epoch before.
pub(crate) async fn stop_execution(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    use aws_sdk_sfn::error::ProvideErrorMetadata;
    let version = app
        .definitions
        .workflow_version(tenant, &instance.workflow, instance.version)
        .await?;
    let version = version.ok_or(Error::NotFound("workflow version"))?;
    let arn = start::execution_arn(&version, instance, instance.epoch.saturating_sub(1));
    match app.sfn.stop_execution().execution_arn(arn).send().await {
        Ok(_) => Ok(()),
        // It has ended by itself, or never began; some endpoints say the first by a validation error.
        Err(e) if matches!(e.code(), Some("ExecutionDoesNotExist" | "ValidationException")) => Ok(()),
        Err(e) => Err(store::aws_error("stop an execution", e)),
    }
}

/// Starts a new execution in the place of one that was lost, from where the instance stands.
async fn lost(app: &App, header: &Header) -> Result<()> {
    let tenant = &header.tenant;
    let instance = instance::read(app, tenant, &header.instance).await?;
    match instance.filter(|instance| instance.status == InstanceStatus::Running) {
        Some(instance) if instance.epoch == header.epoch => resume::restart(app, tenant, &instance).await,
        // Cut off after the epoch was taken: its execution may still have to be started.
        Some(instance) if instance.epoch == header.epoch + 1 => resume::start(app, tenant, &instance).await,
        _ => Ok(()),
    }
}

/// Looks at the execution of an unsettled instance, and does what an event that was lost would have done.
pub async fn look_after(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    if instance.status.is_final() {
        return settle(app, tenant, instance).await;
    }
    match instance.status {
        InstanceStatus::Running => {}
        InstanceStatus::Suspended => return rest(app, tenant, instance, runtime::clock::now()).await,
        _ => return Ok(()),
    }
    if call::has_lost_its_caller(app, tenant, instance).await? {
        return Ok(());
    }
    match describe(app, tenant, instance).await? {
        Found::Running => mend(app, tenant, instance).await,
        Found::Nothing => begin(app, tenant, instance).await,
        Found::Ended(execution) => end(app, &execution).await,
    }
}

/// Starts an execution that does not exist: it was never started, or the endpoint has forgotten it.
async fn begin(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    if instance.machine.is_none() && resume::has_position(app, tenant, instance).await? {
        resume::restart(app, tenant, instance).await
    } else {
        resume::start(app, tenant, instance).await
    }
}

/// Does for every place of a running instance what its opening, or the leaving of another, should have done.
async fn mend(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    for place in app.store.tasks_of(tenant, &instance.id).await? {
        if place.is_open() {
            place::arrange(app, tenant, place).await?;
        }
    }
    Ok(())
}

enum Found {
    Running,
    Nothing,
    Ended(Box<EndedExecution>),
}

async fn describe(app: &App, tenant: &TenantId, instance: &Instance) -> Result<Found> {
    use aws_sdk_sfn::error::ProvideErrorMetadata;
    use aws_sdk_sfn::types::ExecutionStatus;
    let version = app
        .definitions
        .workflow_version(tenant, &instance.workflow, instance.version)
        .await?;
    let version = version.ok_or(Error::NotFound("workflow version"))?;
    let arn = start::execution_arn(&version, instance, instance.epoch);
    let described = match app.sfn.describe_execution().execution_arn(arn).send().await {
        Ok(described) => described,
        Err(e) if e.code() == Some("ExecutionDoesNotExist") => return Ok(Found::Nothing),
        Err(e) => return Err(store::aws_error("look at an execution", e)),
    };
    let status = described.status().as_str().to_owned();
    if matches!(
        described.status(),
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive
    ) {
        return Ok(Found::Running);
    }
    let stopped = described
        .stop_date()
        .and_then(|date| Timestamp::from_millisecond(date.to_millis().ok()?).ok());
    let execution = Ending {
        name: described.name().unwrap_or_default(),
        status: &status,
        input: described.input(),
        output: described.output(),
        error: described.error(),
        cause: described.cause(),
        at: stopped.unwrap_or(instance.started_at),
    };
    Ok(Found::Ended(Box::new(execution.read()?)))
}

/// What events and descriptions say alike of an ended execution.
#[derive(Debug)]
pub struct Ending<'a> {
    pub name: &'a str,
    pub status: &'a str,
    pub input: Option<&'a str>,
    pub output: Option<&'a str>,
    pub error: Option<&'a str>,
    pub cause: Option<&'a str>,
    pub at: Timestamp,
}

impl Ending<'_> {
    pub fn read(&self) -> Result<EndedExecution> {
        let input = serde_json::from_str(self.input.unwrap_or_default())
            .map_err(|e| Error::internal("read the input of an execution", e))?;
        let outcome = if self.status == "SUCCEEDED" {
            let output = serde_json::from_str(self.output.unwrap_or_default())
                .map_err(|e| Error::internal("read the output of an execution", e))?;
            Outcome::Succeeded(output)
        } else {
            let error = self
                .error
                .map_or_else(|| format!("Execution.{}", self.status), str::to_owned);
            Outcome::Failed {
                error,
                cause: self.cause.unwrap_or_default().to_owned(),
            }
        };
        Ok(EndedExecution {
            name: self.name.to_owned(),
            input,
            outcome,
            at: self.at,
        })
    }
}
