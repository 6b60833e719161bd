//! The small signs in events and gateways, and the marks of activities.

use super::layout::Point;
use crate::document::{EndEvent, Event, Kind, Sent, Throw, Thrown};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    None,
    Timer,
    Message,
    Signal,
    Error,
    Escalation,
    Link,
    Compensation,
    Terminate,
}

/// The sign of a node, and whether it throws.
pub(super) fn sign(kind: &Kind) -> (Sign, bool) {
    match kind {
        Kind::Start(Some(start)) => (caught(&start.event), false),
        Kind::Catch(event) => (caught(event), false),
        Kind::Boundary(boundary) => (caught(&boundary.event), false),
        Kind::Send(throw) => (sent(throw), true),
        Kind::Throw(Thrown::Link { .. }) => (Sign::Link, true),
        Kind::Throw(Thrown::Escalation { .. }) => (Sign::Escalation, true),
        Kind::Throw(Thrown::Compensation { .. }) => (Sign::Compensation, true),
        Kind::End(end) => match &end.event {
            None => (Sign::None, true),
            Some(EndEvent::Terminate) => (Sign::Terminate, true),
            Some(EndEvent::Error { .. }) => (Sign::Error, true),
            Some(EndEvent::Escalation { .. }) => (Sign::Escalation, true),
            Some(EndEvent::Send(throw)) => (sent(throw), true),
            Some(EndEvent::Compensation { .. }) => (Sign::Compensation, true),
        },
        _ => (Sign::None, false),
    }
}

fn caught(event: &Event) -> Sign {
    match event {
        Event::None => Sign::None,
        Event::Timer(_) => Sign::Timer,
        Event::Message(_) => Sign::Message,
        Event::Signal { .. } => Sign::Signal,
        Event::Error { .. } => Sign::Error,
        Event::Escalation { .. } => Sign::Escalation,
        Event::Link { .. } => Sign::Link,
        Event::Compensation { .. } => Sign::Compensation,
    }
}

fn sent(throw: &Throw) -> Sign {
    match throw.what {
        Sent::Signal { .. } => Sign::Signal,
        Sent::Message { .. } => Sign::Message,
        Sent::Nothing => Sign::None,
    }
}

/// The sign around `at`, filled where it is thrown.
pub(super) fn draw(sign: Sign, at: Point, filled: bool) -> String {
    let path = match sign {
        Sign::None => return String::new(),
        Sign::Timer => "m-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0m7 -4v4l3 2",
        Sign::Message => "m-7 -5h14v10h-14zl7 6l7 -6",
        Sign::Signal => "m0 -7l7 12h-14z",
        Sign::Error => "m-7 6l4 -11l5 6l5 -8l-4 12l-5 -6z",
        Sign::Escalation => "m0 -7l6 13l-6 -5l-6 5z",
        Sign::Link => "m-7 -3h7v-4l7 7l-7 7v-4h-7z",
        Sign::Compensation => "m0 -5v10l-7 -5zm7 0v10l-7 -5z",
        Sign::Terminate => "m-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z",
    };
    // Lines in something filled would not be seen.
    let fill = if filled && sign != Sign::Timer {
        "#333"
    } else {
        "none"
    };
    let stroke = if filled && sign == Sign::Message {
        "#fff"
    } else {
        "#333"
    };
    format!(
        "<path d=\"M{} {}{path}\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
        at.x, at.y
    )
}

/// The sign of a gateway.
pub(super) fn gateway(kind: &Kind, at: Point) -> String {
    let path = match kind {
        Kind::Exclusive => "m-7 -7l14 14m0 -14l-14 14",
        Kind::Parallel => "m-10 0h20m-10 -10v20",
        Kind::Inclusive => "m-10 0a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
        Kind::EventBased => {
            "m-12 0a12 12 0 1 0 24 0a12 12 0 1 0 -24 0m3 0a9 9 0 1 0 18 0a9 9 0 1 0 -18 0m9 -6l6 4l-2 7h-8l-2 -7z"
        }
        _ => return String::new(),
    };
    let width = if matches!(kind, Kind::EventBased) {
        "1"
    } else {
        "3"
    };
    format!(
        "<path d=\"M{} {}{path}\" fill=\"none\" stroke-width=\"{width}\"/>",
        at.x, at.y
    )
}

/// Three lines below the name: an activity that is repeated.
pub(super) fn repeated(sequential: bool, at: Point) -> String {
    let path = if sequential {
        "m-6 -4h12m-12 4h12m-12 4h12"
    } else {
        "m-4 -6v12m4 -12v12m4 -12v12"
    };
    format!(
        "<path d=\"M{} {}{path}\" fill=\"none\" stroke-width=\"2\"/>",
        at.x, at.y
    )
}

/// What stands small in the corner of an activity.
pub(super) fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::User(_) => "user",
        Kind::Service(task) if task.is_for_compensation => "undo",
        Kind::Service(_) => "service",
        Kind::Send(_) => "send",
        Kind::Catch(_) => "receive",
        Kind::Script(_) => "script",
        Kind::Rule(_) => "rules",
        Kind::Call(_) => "call",
        _ => "",
    }
}
