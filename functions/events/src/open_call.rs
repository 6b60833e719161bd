//! A state machine comes to a call activity: the place is opened, and the execution waits for its token.

use domain::id::TaskId;
use domain::place::PlaceKind;
use engine::opening::Opening;
use runtime::{App, FunctionError, Handler, Trigger};
use serde::Serialize;

pub fn handler() -> Handler {
    let grants = engine::grants::calling();
    Handler::new("open_call", Trigger::StateMachine, grants, open_call)
}

/// The place that stands open now.
#[derive(Debug, Serialize)]
pub struct Opened {
    place: Option<TaskId>,
}

async fn open_call(app: App, opening: Opening) -> Result<Opened, FunctionError> {
    let place = engine::place::open(&app, &opening, PlaceKind::Call).await?;
    Ok(Opened {
        place: place.map(|place| place.id),
    })
}
