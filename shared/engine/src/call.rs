//! Called instances. One has no ticket of its own: it works on its caller's, is known by the place that called it, and
//! its end is that place's answer.

use domain::event::Event;
use domain::id::{InstanceId, TenantId};
use domain::instance::{Instance, InstanceStatus};
use domain::place::{Answer, Call};
use domain::task::Task;
use domain::{Error, Result};
use jiff::Timestamp;
use runtime::{App, clock};
use uuid::Uuid;

use crate::{end, place, resume};

/// Calls within calls; more is taken for a definition that calls itself without end.
const DEEPEST: u32 = 16;

const CALL_TERMINATED: &str = "CALL_TERMINATED";
const CALL_TOO_DEEP: &str = "CALL_TOO_DEEP";
const CALL_NOT_PUBLISHED: &str = "CALL_NOT_PUBLISHED";

/// The instance that a place calls. Derived, so that calling twice is calling once.
fn called_by(place: &Task) -> Result<InstanceId> {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, place.id.to_string().as_bytes());
    InstanceId::parse(format!("c-{id}")).map_err(|e| Error::internal("make the id of a called instance", e))
}

/// Starts the called instance; lets one go on that rests because its caller did.
pub(crate) async fn start(app: &App, tenant: &TenantId, place: &Task) -> Result<()> {
    let Some(called) = &place.call else {
        return Err(Error::internal(
            "call a workflow",
            "the place does not tell which",
        ));
    };
    let instance = match app.store.instance_get(tenant, &called_by(place)?).await? {
        Some(instance) => instance,
        None => match create(app, tenant, place, called).await? {
            Some(instance) => instance,
            None => return Ok(()),
        },
    };
    match instance.status {
        InstanceStatus::Running => resume::start(app, tenant, &instance).await?,
        InstanceStatus::Suspended => go_on(app, tenant, &instance).await?,
        // Ended in the meantime: told to the place again.
        _ => end::settle(app, tenant, &instance).await?,
    }
    // Whoever left the place in between may not have found the instance.
    match app.store.task_get(tenant, &place.id).await? {
        Some(place) if !place.is_open() => stop(app, tenant, &place).await,
        _ => Ok(()),
    }
}

/// None: it cannot be called, and the place is told.
async fn create(app: &App, tenant: &TenantId, place: &Task, called: &Call) -> Result<Option<Instance>> {
    let refuse = async |error: &str, cause: String| {
        let error = error.to_owned();
        place::decide(app, tenant, &place.id, Answer::Error { error, cause }).await
    };
    let caller = app.store.instance_get(tenant, &place.id.instance).await?;
    let depth = caller.map_or(0, |caller| caller.depth) + 1;
    if depth > DEEPEST {
        refuse(CALL_TOO_DEEP, format!("calls are {DEEPEST} deep")).await?;
        return Ok(None);
    }
    let workflow = &called.called_element;
    let published = app.definitions.published(tenant, workflow).await?;
    let Some(version) = published.map(|version| version.version) else {
        refuse(
            CALL_NOT_PUBLISHED,
            format!("the workflow {workflow} is not published"),
        )
        .await?;
        return Ok(None);
    };
    let instance = instance(place, called, version, depth, clock::now())?;
    app.store.instance_create(tenant, &instance).await?;
    // Another may have been faster, with another version.
    app.store.instance_get(tenant, &instance.id).await
}

/// The instance as it begins.
fn instance(place: &Task, called: &Call, version: u32, depth: u32, at: Timestamp) -> Result<Instance> {
    Ok(Instance {
        id: called_by(place)?,
        workflow: called.called_element.clone(),
        version,
        ticket: place.ticket.clone(),
        starter: place.starter.clone(),
        status: InstanceStatus::Running,
        epoch: 1,
        machine: None,
        data: called.data.clone(),
        incident: None,
        parent: Some(place.id.clone()),
        depth,
        started_at: at,
        ended_at: None,
        revision: 1,
        events: vec![Event::new("instance.started", at).by(&place.starter)],
    })
}

/// The instance with the data that it began with.
pub(crate) async fn original(app: &App, tenant: &TenantId, instance: &Instance) -> Result<Option<Instance>> {
    let Some(parent) = &instance.parent else {
        return Ok(None);
    };
    let place = app.store.task_get(tenant, parent).await?;
    let data = place.and_then(|place| place.call).map(|call| call.data);
    Ok(data.map(|data| Instance {
        data,
        ..instance.clone()
    }))
}

async fn go_on(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    let event = Event::new("instance.resumed", clock::now());
    // Refused where another was faster: that one starts it.
    resume::resume(app, tenant, instance, event).await.map(|_| ())
}

/// Lets the called instance rest while its caller does: it goes on when the place is opened again.
pub(crate) async fn rest(app: &App, tenant: &TenantId, place: &Task, at: Timestamp) -> Result<()> {
    let Some(instance) = app.store.instance_get(tenant, &called_by(place)?).await? else {
        return Ok(());
    };
    let event = Event::new("instance.suspended", at);
    match app.store.instance_suspend(tenant, &instance, event).await? {
        Some(suspended) => Box::pin(end::rest(app, tenant, &suspended, at)).await,
        None if instance.status == InstanceStatus::Suspended => {
            Box::pin(end::rest(app, tenant, &instance, at)).await
        }
        None => Ok(()),
    }
}

/// Terminates the called instance of a place that was left.
pub(crate) async fn stop(app: &App, tenant: &TenantId, place: &Task) -> Result<()> {
    loop {
        let instance = app.store.instance_get(tenant, &called_by(place)?).await?;
        let Some(instance) = instance.filter(|instance| !instance.status.is_final()) else {
            return Ok(());
        };
        let status = InstanceStatus::Terminated;
        let event = Event::new("instance.ended", clock::now());
        let event = event.with(serde_json::json!({ "status": status.as_str() }));
        // Refused where it has just changed: looked at again.
        if let Some(stopped) = app.store.instance_stop(tenant, &instance, status, event).await? {
            return end::settle(app, tenant, &stopped).await;
        }
    }
}

/// Whether the place that called an instance waits for it no more; then the instance is terminated.
pub(crate) async fn has_lost_its_caller(app: &App, tenant: &TenantId, instance: &Instance) -> Result<bool> {
    let Some(parent) = &instance.parent else {
        return Ok(false);
    };
    match app.store.task_get(tenant, parent).await? {
        Some(place) if !place.is_open() => stop(app, tenant, &place).await.map(|()| true),
        _ => Ok(false),
    }
}

/// Tells the place that called it that an instance has ended.
pub(crate) async fn answer(app: &App, tenant: &TenantId, instance: &Instance) -> Result<()> {
    let Some(parent) = &instance.parent else {
        return Ok(());
    };
    let status = instance.status;
    let answer = match status {
        InstanceStatus::Completed | InstanceStatus::Rejected => Answer::Event {
            event: Some(parent.node.to_string()),
            data: instance.data.clone(),
            status: Some(status.as_str().to_owned()),
        },
        _ => Answer::Error {
            error: CALL_TERMINATED.to_owned(),
            cause: format!("the called instance {} was {}", instance.id, status.as_str()),
        },
    };
    place::decide(app, tenant, parent, answer).await.map(|_| ())
}
