//! Starting executions. The name is the instance and its epoch, so that starting twice is starting once.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use domain::id::TenantId;
use domain::instance::{Instance, execution_name};
use domain::workflow::WorkflowVersion;
use domain::{Error, Result};
use runtime::App;

use crate::execution::Input;
use crate::{call, instance};

/// Starts the execution of the instance's epoch, unless it was started before.
pub async fn start(
    app: &App,
    tenant: &TenantId,
    instance: &Instance,
    version: &WorkflowVersion,
) -> Result<()> {
    let input = serde_json::to_string(&Input::new(tenant, instance, version))
        .map_err(|e| Error::internal("write the input of an execution", e))?;
    let started = app
        .sfn
        .start_execution()
        .state_machine_arn(&version.state_machine)
        .name(execution_name(&instance.id, instance.epoch))
        .input(input)
        .send()
        .await;
    match started {
        Ok(_) => Ok(()),
        Err(e) if e.code() == Some("ExecutionAlreadyExists") => Ok(()),
        Err(e) => Err(store::aws_error("start an execution", e)),
    }
}

/// Starts it by the version that the instance names, from the data that it began with: what was written since comes again
/// with the decisions that wrote it, so every rule sees what it saw the first time.
pub async fn start_again(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    let original = match instance.parent {
        Some(_) => call::original(app, tenant, instance).await?,
        None => instance::of_ticket(app, tenant, &instance.id).await?,
    };
    let original = original.ok_or(Error::NotFound("ticket"))?;
    let instance = &Instance {
        epoch: instance.epoch,
        ..original
    };
    let version = app
        .definitions
        .workflow_version(tenant, &instance.workflow, instance.version)
        .await?;
    start(
        app,
        tenant,
        instance,
        &*version.ok_or(Error::NotFound("workflow version"))?,
    )
    .await
}

/// The ARN of the execution of an epoch.
pub fn execution_arn(version: &WorkflowVersion, instance: &Instance, epoch: u32) -> String {
    let machine = version.state_machine.replacen(":stateMachine:", ":execution:", 1);
    format!("{machine}:{}", execution_name(&instance.id, epoch))
}
