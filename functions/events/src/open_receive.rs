//! A state machine comes to a message or signal, or an event-based gateway: the place is opened, and the execution waits for its token.

use domain::id::TaskId;
use domain::place::PlaceKind;
use engine::opening::Opening;
use runtime::{App, FunctionError, Handler, Trigger};
use serde::Serialize;

pub fn handler() -> Handler {
    let grants = engine::grants::opening();
    Handler::new("open_receive", Trigger::StateMachine, grants, open_receive)
}

/// The place that stands open now.
#[derive(Debug, Serialize)]
pub struct Opened {
    place: Option<TaskId>,
}

async fn open_receive(app: App, opening: Opening) -> Result<Opened, FunctionError> {
    let place = engine::place::open(&app, &opening, PlaceKind::Receive).await?;
    Ok(Opened {
        place: place.map(|place| place.id),
    })
}
