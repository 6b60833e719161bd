//! Scopes that are left: what is still open in them is closed, their listeners are over.

use std::collections::BTreeMap;

use domain::id::{Iteration, NodeId, TaskId};
use domain::place::Attached;
use domain::task::Task;
use domain::{Error, Result};
use jiff::Timestamp;
use runtime::App;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::service::ServiceCall;
use crate::{answer, place};

/// What a machine asks for when a scope was left early, or when its listeners have to go.
#[derive(Debug, Clone, Deserialize)]
pub struct Closing {
    #[serde(flatten)]
    pub call: ServiceCall,
    /// The number of the scope's entering: what was opened before is of an earlier visit.
    #[serde(default)]
    pub since: u32,
    /// The nodes that can be open, each with the fields that its branch may write.
    #[serde(default)]
    pub places: BTreeMap<NodeId, Vec<String>>,
    /// The services that branches may have called: how often they did, no place tells.
    #[serde(default)]
    pub services: Vec<NodeId>,
    /// The visit whose listeners are over.
    #[serde(default)]
    pub release: Option<Attached>,
}

/// How far the branches were that are left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    pub seq: u32,
    pub visits: BTreeMap<String, u32>,
    pub data: BTreeMap<String, Value>,
}

/// Closes what is open, ends listeners, and tells how far the branches were. A second call answers the same: it follows from
/// the rows, closed or not; but for how often services were called, which is kept.
pub async fn close(app: &App, closing: &Closing, at: Timestamp) -> Result<Closed> {
    let header = &closing.call.header;
    let tenant = &header.tenant;
    let released = closing.release.as_ref().map(|visit| activity(closing, visit));
    if let Some(activity) = &released {
        // Before looking for listeners: one that opens in between finds this.
        app.store.release(tenant, activity).await?;
    }
    let places = app.store.tasks_of(tenant, &header.instance).await?;
    let inside: Vec<&Task> = places.iter().filter(|place| is_inside(closing, place)).collect();
    for place in inside.iter().filter(|place| place.is_open()) {
        if app.store.task_close(tenant, &place.id, at).await? {
            let closed = Task {
                closed_at: Some(at),
                ..(*place).clone()
            };
            answer::answer(app, tenant, &closed).await?;
        }
    }
    if let Some(activity) = &released {
        place::end_listeners(app, tenant, &places, activity).await?;
    }
    if closing.services.is_empty() {
        return closed(closing, &inside, BTreeMap::new());
    }
    let now = closed(closing, &inside, called(app, closing).await?)?;
    first(app, closing, &now, at).await
}

/// What the first try was answered: services that are called after it may have been done by now, in an execution that was
/// stopped since.
async fn first(app: &App, closing: &Closing, now: &Closed, at: Timestamp) -> Result<Closed> {
    let failed = |e| Error::internal("keep what was answered", e);
    let now = serde_json::to_value(now).map_err(failed)?;
    let header = &closing.call.header;
    let key = &closing.call.idempotency_key;
    let first = app
        .store
        .closing_answer(&header.tenant, &header.instance, key, &now, at);
    serde_json::from_value(first.await?).map_err(failed)
}

/// The highest visits of the services that were called in the scope, as far as they are done.
async fn called(app: &App, closing: &Closing) -> Result<BTreeMap<String, u32>> {
    let mut called = BTreeMap::new();
    let header = &closing.call.header;
    for step in app.store.steps_of(&header.tenant, &header.instance).await? {
        let is_service = closing
            .services
            .iter()
            .any(|service| service.as_str() == step.node);
        if is_service && is_in_iteration(closing, step.iteration.as_ref()) {
            let highest: &mut u32 = called.entry(step.node).or_default();
            *highest = step.visit.max(*highest);
        }
    }
    Ok(called)
}

fn activity(closing: &Closing, visit: &Attached) -> TaskId {
    TaskId {
        instance: closing.call.header.instance.clone(),
        node: visit.node.clone(),
        visit: visit.visit,
        iteration: closing.call.iteration.clone(),
    }
}

fn is_inside(closing: &Closing, place: &Task) -> bool {
    is_in_iteration(closing, place.id.iteration.as_ref())
        && place.seq > closing.since
        && closing.places.contains_key(&place.id.node)
}

fn is_in_iteration(closing: &Closing, iteration: Option<&Iteration>) -> bool {
    match (&closing.call.iteration, iteration) {
        (Some(scope), Some(iteration)) => iteration.is_within(scope),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// What a place knows of the execution that opened it.
#[derive(Debug, Default, Deserialize)]
struct State {
    #[serde(default)]
    visits: BTreeMap<String, u32>,
    #[serde(default)]
    data: BTreeMap<String, Value>,
}

fn closed(closing: &Closing, inside: &[&Task], visits: BTreeMap<String, u32>) -> Result<Closed> {
    let mut closed = Closed {
        // Numbers rise along the way that goes on from here, also where it was ahead of what it leaves.
        seq: closing.call.seq,
        visits,
        data: BTreeMap::new(),
    };
    let mut inside = inside.to_vec();
    inside.sort_by_key(|place| place.seq);
    for place in inside {
        let state: State = match &place.state {
            Some(state) => serde_json::from_value(state.clone())
                .map_err(|e| Error::internal("read the state of a place", e))?,
            None => State::default(),
        };
        closed.seq = closed.seq.max(place.seq);
        let own = (place.id.node.to_string(), place.id.visit);
        for (node, visit) in state.visits.into_iter().chain([own]) {
            let known = closed.visits.entry(node).or_default();
            *known = visit.max(*known);
        }
        // In the order of entering: what was entered last stands.
        for field in closing.places.get(&place.id.node).into_iter().flatten() {
            if let Some(value) = state.data.get(field) {
                closed.data.insert(field.clone(), value.clone());
            }
        }
    }
    Ok(closed)
}
