//! Places: opened, made to listen, decided, left. Everything after the row itself is repeated by the stream's consumer.

use domain::id::{TaskId, TenantId};
use domain::place::{Answer, Attached, Decision, PlaceKind};
use domain::task::{Task, VotePolicy};
use domain::thrown::{Channel, Waiting};
use domain::{Result, Text};
use jiff::Timestamp;
use runtime::{App, clock};
use store::tasks::Voted;
use store::thrown::Given;

use crate::opening::Opening;
use crate::{answer, call, steps, timer};

/// The row of a place without people, as its first opening writes it.
pub async fn row(app: &App, opening: &Opening, kind: PlaceKind, now: Timestamp) -> Result<Task> {
    let header = &opening.header;
    let id = opening.place()?;
    let events = opening.awaited()?;
    let occurrence = match &opening.attached {
        Some(attached) if events.iter().any(|event| event.timer.is_some()) => {
            occurrence(app, &header.tenant, &id, attached).await?
        }
        _ => 1,
    };
    Ok(Task {
        kind,
        name: Text::from(opening.node.as_str()),
        ticket: header.ticket.clone(),
        workflow: header.workflow.clone(),
        version: header.version,
        starter: header.starter.clone(),
        seq: opening.seq,
        voters: Default::default(),
        candidates: Default::default(),
        policy: VotePolicy::Any,
        outcomes: Vec::new(),
        votes: Default::default(),
        skip: false,
        decided: None,
        answered_at: None,
        closed_at: None,
        frozen_at: None,
        epoch: header.epoch,
        token: opening.token.clone(),
        opened_at: now,
        due_at: None,
        overdue: None,
        escalation: None,
        hidden: opening.hidden,
        timer: timer::first_due(&events, now, occurrence)?,
        events,
        attached: opening.attached.clone(),
        call: opening.call.clone(),
        state: opening.state.clone(),
        revision: 1,
        id,
    })
}

/// Which opening of a listener this is, of those that belong to one visit of its activity.
async fn occurrence(app: &App, tenant: &TenantId, id: &TaskId, attached: &Attached) -> Result<u32> {
    let visits = app.store.visits_of(tenant, id).await?;
    let before = visits.iter().filter(|visit| {
        visit.id.iteration == id.iteration
            && visit.id.visit < id.visit
            && visit.attached.as_ref() == Some(attached)
    });
    Ok(u32::try_from(before.count())
        .unwrap_or(u32::MAX)
        .saturating_add(1))
}

/// Whether a listener that was open before does not open once more: it is over, and nothing is left for it. The first time it is
/// opened with its activity, however soon that is left.
async fn stays_closed(app: &App, tenant: &TenantId, place: &Task) -> Result<bool> {
    if place.attached.is_none() {
        return Ok(false);
    }
    let visits = app.store.visits_of(tenant, &place.id).await?;
    let is_again = visits.iter().any(|other| is_of_the_same(place, other));
    if !is_again || visits.iter().any(|other| other.id == place.id) || !is_over(app, tenant, place).await? {
        return Ok(false);
    }
    if handles_the_rest(place) {
        for (channel, _) in waits(place) {
            if !app
                .store
                .messages_kept(tenant, &channel, clock::now())
                .await?
                .is_empty()
            {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether both are openings of one listener, for one visit of its activity.
fn is_of_the_same(listener: &Task, other: &Task) -> bool {
    other.id.iteration == listener.id.iteration && other.attached == listener.attached
}

/// Writes the way to a place, then the place itself. None: a newer execution has opened it.
pub async fn write(app: &App, opening: &Opening, place: &Task) -> Result<Option<Task>> {
    let header = &opening.header;
    // First: the row alone is followed by the stream, which makes up for all that comes after it.
    steps::write(app, header, &opening.path, place.opened_at).await?;
    let opened = app.store.task_open(&header.tenant, place).await?;
    if opened.is_none() {
        tracing::info!(instance = %header.instance, epoch = header.epoch, "a newer execution has opened this place");
    }
    Ok(opened)
}

/// Opens a place that waits for something else than people. None: a newer execution has opened it, or it is a listener
/// that does not open again.
pub async fn open(app: &App, opening: &Opening, kind: PlaceKind) -> Result<Option<Task>> {
    let place = row(app, opening, kind, clock::now()).await?;
    if stays_closed(app, &opening.header.tenant, &place).await? {
        steps::write(app, &opening.header, &opening.path, place.opened_at).await?;
        // Without a row, since nothing was entered: who is cut off here is called again, and comes to the same.
        answer::not_entered(app, &place.id, &place.token).await?;
        return Ok(None);
    }
    match write(app, opening, &place).await? {
        Some(place) => arrange(app, &opening.header.tenant, place).await.map(Some),
        None => Ok(None),
    }
}

/// Lets an open place listen to its events, and answers it where it is decided or closed, now or before this execution
/// came to it.
/// Harmless to repeat, also late.
pub async fn arrange(app: &App, tenant: &TenantId, place: Task) -> Result<Task> {
    let place = if place.is_open() {
        listen(app, tenant, place).await?
    } else {
        place
    };
    answer::answer(app, tenant, &place).await?;
    Ok(place)
}

/// First lets itself be found, then looks for what was there before: whoever throws does it the other way round.
async fn listen(app: &App, tenant: &TenantId, place: Task) -> Result<Task> {
    let waits = waits(&place);
    for (channel, waiting) in &waits {
        app.store.wait_for(tenant, channel, waiting).await?;
    }
    // Before looking for messages: what was thrown before the activity was left is there now.
    let is_over = is_over(app, tenant, &place).await?;
    if (!is_over || handles_the_rest(&place)) && take_one(app, tenant, &waits).await? {
        return Ok(app.store.task_get(tenant, &place.id).await?.unwrap_or(place));
    }
    if is_over {
        let over = Decision::of(Answer::over(), clock::now());
        return match app.store.task_decide(tenant, &place.id, &over).await? {
            Voted::Counted(place) | Voted::Refused(Some(place)) => Ok(*place),
            Voted::Refused(None) => Ok(place),
        };
    }
    if place.kind == PlaceKind::Call {
        call::start(app, tenant, &place).await?;
    }
    Ok(place)
}

/// Whether what was thrown for a listener is handled also when its activity has been left: an escalation is.
fn handles_the_rest(listener: &Task) -> bool {
    listener.hidden
}

/// Takes the oldest message that waits for a place. True: the place is not open any more.
async fn take_one(app: &App, tenant: &TenantId, waits: &[(Channel, Waiting)]) -> Result<bool> {
    for (channel, waiting) in waits {
        if take_kept(app, tenant, channel, waiting).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn take_kept(app: &App, tenant: &TenantId, channel: &Channel, waiting: &Waiting) -> Result<bool> {
    if matches!(channel, Channel::Signal { .. }) {
        return Ok(false);
    }
    let now = clock::now();
    for message in app.store.messages_kept(tenant, channel, now).await? {
        let decision = Decision::of(Answer::event(&waiting.node, message.data.clone()), now);
        let given = app
            .store
            .message_give(tenant, &message, &waiting.place, &decision);
        match given.await? {
            Given::Given | Given::PlaceLeft => return Ok(true),
            Given::MessageTaken => {}
        }
    }
    Ok(false)
}

/// Whether a listener has nothing to wait for: its activity has been left, or its timer has occurred often enough.
async fn is_over(app: &App, tenant: &TenantId, place: &Task) -> Result<bool> {
    let Some(activity) = activity(place) else {
        return Ok(false);
    };
    let only_timers = place.events.iter().all(|event| event.timer.is_some());
    if only_timers && place.timer.is_none() {
        return Ok(true);
    }
    let left = app.store.task_get(tenant, &activity).await?;
    Ok(left.is_some_and(|left| !left.is_open()) || app.store.is_released(tenant, &activity).await?)
}

/// The visit that a listener is attached to.
fn activity(place: &Task) -> Option<TaskId> {
    place.attached.as_ref().map(|attached| TaskId {
        node: attached.node.clone(),
        visit: attached.visit,
        ..place.id.clone()
    })
}

/// Under what a place can be found by what is thrown.
fn waits(place: &Task) -> Vec<(Channel, Waiting)> {
    let channels = place.events.iter().filter_map(|event| {
        let channel = match (&event.message, &event.signal) {
            (Some(message), _) => Channel::Message {
                name: message.name.clone(),
                correlation: message.correlation.clone(),
            },
            (None, Some(signal)) => Channel::Signal {
                name: signal.name.clone(),
            },
            (None, None) => return None,
        };
        let waiting = Waiting {
            place: place.id.clone(),
            node: event.node.clone(),
            since: place.opened_at,
        };
        Some((channel, waiting))
    });
    channels.collect()
}

/// Decides a place and tells its execution. False: something else came first.
pub async fn decide(app: &App, tenant: &TenantId, id: &TaskId, answer: Answer) -> Result<bool> {
    let decision = Decision::of(answer, clock::now());
    match app.store.task_decide(tenant, id, &decision).await? {
        Voted::Counted(place) => {
            answer::answer(app, tenant, &place).await?;
            Ok(true)
        }
        Voted::Refused(_) => Ok(false),
    }
}

/// Does what follows from a place's being left: it listens no more, its listeners are over, what it called is ended.
pub async fn left(app: &App, tenant: &TenantId, place: &Task) -> Result<()> {
    for (channel, waiting) in waits(place) {
        app.store.wait_no_more(tenant, &channel, &waiting).await?;
    }
    if place.closed_at.is_some() {
        answer::answer(app, tenant, place).await?;
    }
    if place.kind == PlaceKind::Call {
        call::stop(app, tenant, place).await?;
    }
    let places = app.store.tasks_of(tenant, &place.id.instance).await?;
    end_listeners(app, tenant, &places, &place.id).await
}

/// Answers the open listeners of a visit that it is left; first they have what was thrown for them before.
pub async fn end_listeners(app: &App, tenant: &TenantId, places: &[Task], left: &TaskId) -> Result<()> {
    let mine = |place: &&Task| place.is_open() && activity(place).as_ref() == Some(left);
    for listener in places.iter().filter(mine) {
        if handles_the_rest(listener) && take_one(app, tenant, &waits(listener)).await? {
            if let Some(decided) = app.store.task_get(tenant, &listener.id).await? {
                answer::answer(app, tenant, &decided).await?;
            }
        } else {
            decide(app, tenant, &listener.id, Answer::over()).await?;
        }
    }
    Ok(())
}
