//! What is sent and thrown: by `sendTask`, `intermediateThrowEvent` and `endEvent`.

use super::attributes::Attributes;
use super::event::{only_one, required};
use super::values::{assignments, expression, label, required_label};
use crate::document::{End, EndEvent, Kind, Sent, Throw, Thrown};
use crate::node::EndStatus;
use crate::vocabulary::Place;

pub(super) fn send_task(attributes: &mut Attributes<'_, '_>) -> Throw {
    match required(attributes, &["message", "signal"]) {
        Some(given) => send(attributes, given),
        None => Throw {
            what: Sent::Nothing,
            data: Vec::new(),
        },
    }
}

pub(super) fn intermediate(attributes: &mut Attributes<'_, '_>) -> Kind {
    let definitions = ["message", "signal", "escalation", "link", "compensation"];
    let Some(given) = only_one(attributes, &definitions) else {
        return Kind::Throw(Thrown::None);
    };
    if matches!(given, "message" | "signal") {
        return Kind::Send(send(attributes, given));
    }
    let Some(mut inner) = attributes.nested(given, Place::Other) else {
        return Kind::Refused;
    };
    let thrown = match given {
        "escalation" => required_label(&mut inner, "code").map(|code| Thrown::Escalation { code }),
        "link" => required_label(&mut inner, "name").map(|name| Thrown::Link { name }),
        _ => Some(Thrown::Compensation {
            activity: label(&mut inner, "activity"),
        }),
    };
    inner.finish();
    thrown.map_or(Kind::Refused, Kind::Throw)
}

pub(super) fn end(attributes: &mut Attributes<'_, '_>) -> End {
    let words = [
        ("completed", EndStatus::Completed),
        ("rejected", EndStatus::Rejected),
    ];
    End {
        status: attributes.word("status", &words).unwrap_or_default(),
        event: end_event(attributes),
    }
}

fn end_event(attributes: &mut Attributes<'_, '_>) -> Option<EndEvent> {
    let definitions = [
        "terminate",
        "error",
        "escalation",
        "message",
        "signal",
        "compensation",
    ];
    let given = only_one(attributes, &definitions)?;
    match given {
        "terminate" => {
            let terminates = attributes.boolean(given).unwrap_or_default();
            return terminates.then_some(EndEvent::Terminate);
        }
        "message" | "signal" => return Some(EndEvent::Send(send(attributes, given))),
        _ => {}
    }
    let mut inner = attributes.nested(given, Place::Other)?;
    let event = match given {
        "error" => required_label(&mut inner, "code").map(|code| EndEvent::Error { code }),
        "escalation" => required_label(&mut inner, "code").map(|code| EndEvent::Escalation { code }),
        _ => Some(EndEvent::Compensation {
            activity: label(&mut inner, "activity"),
        }),
    };
    inner.finish();
    event
}

fn send(attributes: &mut Attributes<'_, '_>, given: &'static str) -> Throw {
    let Some(mut inner) = attributes.nested(given, Place::Other) else {
        return Throw {
            what: Sent::Nothing,
            data: Vec::new(),
        };
    };
    let name = required_label(&mut inner, "name");
    let what = match (name, given) {
        (None, _) => Sent::Nothing,
        (Some(name), "signal") => Sent::Signal { name },
        (Some(name), _) => Sent::Message {
            name,
            correlation: expression(&mut inner, "correlation"),
        },
    };
    if matches!(what, Sent::Nothing) && given == "message" {
        inner.string("correlation");
    }
    let data = assignments(&mut inner, "data");
    inner.finish();
    Throw { what, data }
}
