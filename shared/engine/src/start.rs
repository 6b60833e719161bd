//! Starting executions. The name is the instance and its epoch, so that starting twice is starting once.

use std::sync::Arc;

use aws_sdk_sfn::error::ProvideErrorMetadata;
use domain::id::TenantId;
use domain::instance::{Instance, execution_name};
use domain::workflow::WorkflowVersion;
use domain::{Error, Result};
use runtime::App;

use crate::execution::Input;
use crate::{call, instance};

/// Starts the execution of the instance's epoch at the beginning, unless it was started before.
pub async fn start(
    app: &App,
    tenant: &TenantId,
    instance: &Instance,
    version: &WorkflowVersion,
) -> Result<()> {
    let input = serde_json::to_string(&Input::new(tenant, instance, version))
        .map_err(|e| Error::internal("write the input of an execution", e))?;
    match execute(app, instance, &version.state_machine, input).await? {
        Started::Runs => Ok(()),
        Started::NoMachine => Err(Error::NotFound("state machine")),
    }
}

/// What came of starting an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Started {
    /// Now, or before.
    Runs,
    /// There is no such machine.
    NoMachine,
}

/// Starts the execution of the instance's epoch on a machine.
pub(crate) async fn execute(app: &App, instance: &Instance, machine: &str, input: String) -> Result<Started> {
    let started = app
        .sfn
        .start_execution()
        .state_machine_arn(machine)
        .name(execution_name(&instance.id, instance.epoch))
        .input(input)
        .send()
        .await;
    match started {
        Ok(_) => Ok(Started::Runs),
        Err(e) if e.code() == Some("ExecutionAlreadyExists") => Ok(Started::Runs),
        Err(e) if e.code() == Some("StateMachineDoesNotExist") => Ok(Started::NoMachine),
        Err(e) => Err(store::aws_error("start an execution", e)),
    }
}

/// Starts it at the beginning, by the version that the instance names, from the data that it began with.
pub async fn start_again(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    let version = version(app, tenant, instance).await?;
    start(app, tenant, &original(app, tenant, instance).await?, &version).await
}

/// The version that an instance is of.
pub(crate) async fn version(
    app: &App,
    tenant: &TenantId,
    instance: &Instance,
) -> Result<Arc<WorkflowVersion>> {
    let version = app
        .definitions
        .workflow_version(tenant, &instance.workflow, instance.version)
        .await?;
    version.ok_or(Error::NotFound("workflow version"))
}

/// The instance with the data that it began with: what was written since comes again with the decisions that wrote it, so
/// every rule sees what it saw the first time.
pub(crate) async fn original(app: &App, tenant: &TenantId, instance: &Instance) -> Result<Instance> {
    let original = match instance.parent {
        Some(_) => call::original(app, tenant, instance).await?,
        None => instance::of_ticket(app, tenant, &instance.id).await?,
    };
    let original = original.ok_or(Error::NotFound("ticket"))?;
    Ok(Instance {
        epoch: instance.epoch,
        ..original
    })
}

/// The ARN of an instance's execution of an epoch, which runs on the machine that the instance names.
pub fn execution_arn(version: &WorkflowVersion, instance: &Instance, epoch: u32) -> String {
    let machine = instance.machine.as_ref().unwrap_or(&version.state_machine);
    let machine = machine.replacen(":stateMachine:", ":execution:", 1);
    format!("{machine}:{}", execution_name(&instance.id, epoch))
}
