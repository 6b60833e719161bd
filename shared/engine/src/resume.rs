//! Going on where an instance stands. The machine that begins at a position, the resume variant, is made when an instance of
//! its version is resumed for the first time, so that those that run through pay nothing for it.

use compiler::{Compiled, compile_unchecked};
use domain::event::Event;
use domain::id::TenantId;
use domain::instance::{Instance, InstanceStatus};
use domain::position::{PlaceRow, position};
use domain::task::Task;
use domain::workflow::WorkflowVersion;
use domain::{Error, Result};
use runtime::App;
use serde_json::{Map, Value};

use crate::execution::Input;
use crate::start::{self, Started, execute};
use crate::{end, machine};

/// How an instance goes on.
struct Way {
    compiled: Compiled,
    position: Map<String, Value>,
}

/// Lets a suspended instance go on. None: it is not suspended.
pub async fn resume(
    app: &App,
    tenant: &TenantId,
    instance: &Instance,
    event: Event,
) -> Result<Option<Instance>> {
    if instance.status != InstanceStatus::Suspended {
        return Ok(None);
    }
    // What the suspension should have done; only then does the position stand still.
    end::stop_execution(app, tenant, instance).await?;
    let machine = machine(app, tenant, instance).await?;
    let resumed = app
        .store
        .instance_resume(tenant, instance, machine.as_deref(), event);
    match resumed.await? {
        Some(resumed) => {
            start(app, tenant, &resumed).await?;
            Ok(Some(resumed))
        }
        None => Ok(None),
    }
}

/// Starts the execution that the instance is to have, unless it was started before.
pub async fn start(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    let Some(wanted) = &instance.machine else {
        return start::start_again(app, tenant, instance).await;
    };
    let version = start::version(app, tenant, instance).await?;
    let Some(way) = way(app, tenant, instance, &version).await? else {
        return Err(Error::internal("resume an instance", "it has no position"));
    };
    let input = input(app, tenant, instance, &version, way.position).await?;
    if execute(app, instance, wanted, input.clone()).await? == Started::Runs {
        return Ok(());
    }
    let text = way.compiled.resume_machine(&app.config.prefix);
    let made = machine::create(app, &version.key, text).await?;
    if made != *wanted {
        // The compiler has changed since the intent was written. The intent has to name what runs, or nobody could stop it.
        return Box::pin(restart(app, tenant, instance)).await;
    }
    match execute(app, instance, wanted, input).await? {
        Started::Runs => Ok(()),
        Started::NoMachine => Err(Error::Unavailable("start an execution on a new state machine")),
    }
}

/// Starts another execution in the place of one that was lost.
pub(crate) async fn restart(app: &App, tenant: &TenantId, lost: &Instance) -> Result<()> {
    let machine = machine(app, tenant, lost).await?;
    let next = app
        .store
        .instance_next_epoch(tenant, &lost.id, lost.epoch, machine.as_deref());
    match next.await? {
        Some(next) => start(app, tenant, &next).await,
        None => Ok(()),
    }
}

/// Whether an instance has come to a place, so that there is a position to resume it from.
pub(crate) async fn has_position(app: &App, tenant: &TenantId, instance: &Instance) -> Result<bool> {
    let places = app.store.tasks_of(tenant, &instance.id).await?;
    Ok(!places.is_empty())
}

/// ARN of the machine on which an instance goes on; none where it has to begin at the beginning, where it finds the decisions
/// that were made and the services that were called by their keys, and so comes to the same place.
async fn machine(app: &App, tenant: &TenantId, instance: &Instance) -> Result<Option<String>> {
    let version = start::version(app, tenant, instance).await?;
    let Some(way) = way(app, tenant, instance, &version).await? else {
        return Ok(None);
    };
    let text = way.compiled.resume_machine(&app.config.prefix);
    if let Some(fault) = machine::fault(&text) {
        // Larger than its normal variant, it may be more than Step Functions takes.
        tracing::error!(instance = %instance.id, fault, "cannot be resumed where it is, goes the way again");
        return Ok(None);
    }
    let name = machine::name(app, &version.key, &text);
    let (place, _) = version
        .state_machine
        .rsplit_once(':')
        .ok_or_else(|| Error::internal("read the ARN of a state machine", "it has no ':'"))?;
    Ok(Some(format!("{place}:{name}")))
}

async fn way(
    app: &App,
    tenant: &TenantId,
    instance: &Instance,
    version: &WorkflowVersion,
) -> Result<Option<Way>> {
    let places = app.store.tasks_of(tenant, &instance.id).await?;
    if places.is_empty() {
        return Ok(None);
    }
    let text = version.definition.to_string();
    let compiled = compile_unchecked(&text, version.reads.clone()).map_err(|found| {
        let codes: Vec<String> = found
            .iter()
            .map(|one| format!("{} {}", one.code, one.pointer))
            .collect();
        Error::internal("compile a published workflow again", codes.join(", "))
    })?;
    let rows: Vec<PlaceRow> = places.into_iter().map(row).collect();
    Ok(position(&compiled.regions(), &rows).map(|position| Way { compiled, position }))
}

fn row(place: Task) -> PlaceRow {
    PlaceRow {
        node: place.id.node.to_string(),
        visit: place.id.visit,
        iteration: place
            .id
            .iteration
            .map(|iteration| iteration.to_string())
            .unwrap_or_default(),
        seq: place.seq,
        state: match place.state {
            Some(Value::Object(state)) => state,
            _ => Map::new(),
        },
    }
}

/// What the execution is given: what it would begin with, and the position over it.
async fn input(
    app: &App,
    tenant: &TenantId,
    instance: &Instance,
    version: &WorkflowVersion,
    position: Map<String, Value>,
) -> Result<String> {
    let original = start::original(app, tenant, instance).await?;
    let input = serde_json::to_value(Input::new(tenant, &original, version))
        .map_err(|e| Error::internal("write the input of an execution", e))?;
    let mut members = match input {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.extend(position);
    Ok(Value::Object(members).to_string())
}
