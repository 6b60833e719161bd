//! What events wait for: timers, messages, signals, errors, escalations, links and compensation.

use domain::diagnostic::Diagnostic;
use domain::text::Text;
use serde_json::Value;

use super::attributes::Attributes;
use super::values::{expression, label, labels, required_label, single};
use crate::document::{Boundary, Event, Message, StartEvent, Timer, TimerKind, TimerValue};
use crate::vocabulary::Place;

pub(super) fn start(attributes: &mut Attributes<'_, '_>) -> Option<StartEvent> {
    let given = only_one(attributes, &["timer", "message", "signal", "error", "escalation"])?;
    Some(StartEvent {
        event: event(attributes, given),
        interrupting: interrupting(attributes, given),
    })
}

/// `intermediateCatchEvent`, and `receiveTask`, which waits for messages only.
pub(super) fn catch(attributes: &mut Attributes<'_, '_>, definitions: &[&'static str]) -> Event {
    required(attributes, definitions).map_or(Event::None, |given| event(attributes, given))
}

/// None: it is attached to nothing.
pub(super) fn boundary(attributes: &mut Attributes<'_, '_>) -> Option<Boundary> {
    attributes.require("attachedTo");
    let attached_to = attributes.string("attachedTo");
    let given = required(
        attributes,
        &[
            "timer",
            "message",
            "signal",
            "error",
            "escalation",
            "compensation",
        ],
    );
    let event = given.map_or(Event::None, |given| event(attributes, given));
    let interrupting = interrupting(attributes, given.unwrap_or_default());
    Some(Boundary {
        attached_to: attached_to?.to_owned(),
        event,
        interrupting,
    })
}

/// As [`only_one`], and told where there is none.
pub(super) fn required(
    attributes: &mut Attributes<'_, '_>,
    definitions: &[&'static str],
) -> Option<&'static str> {
    let given = only_one(attributes, definitions);
    if given.is_none() {
        attributes.missing(&definitions.join("` / `"));
    }
    given
}

/// The event definition that is given; several are told.
pub(super) fn only_one(
    attributes: &mut Attributes<'_, '_>,
    definitions: &[&'static str],
) -> Option<&'static str> {
    let mut given = None;
    for definition in definitions {
        if attributes.take(definition).is_none() {
            continue;
        }
        match given {
            None => given = Some(*definition),
            Some(first) => {
                let at = attributes.pointer(definition);
                attributes.tell(Diagnostic::error(
                    "MULTIPLE_EVENT_DEFINITION",
                    at,
                    Text::new(
                        format!("An event is about one thing; there is `{first}` already."),
                        format!("一个事件只能有一个定义；已有 `{first}`。"),
                    ),
                ));
            }
        }
    }
    given
}

/// Errors end what they are raised in, and compensation comes when it is over: there is nothing to choose.
fn interrupting(attributes: &mut Attributes<'_, '_>, definition: &str) -> bool {
    let interrupting = attributes.boolean("interrupting").unwrap_or(true);
    let at = attributes.pointer("interrupting");
    match definition {
        "error" if !interrupting => attributes.tell(Diagnostic::error(
            "ERROR_IS_INTERRUPTING",
            at,
            Text::new(
                "An error ends what it is raised in, so its event always interrupts.",
                "错误会终止引发它的活动，因此其事件总是中断的。",
            ),
        )),
        "compensation" if !interrupting => attributes.bad_value(
            &at,
            (
                "An event with `compensation` comes when its activity is over; it interrupts nothing.",
                "带 `compensation` 的事件在活动结束后才发生，不存在是否中断。",
            ),
        ),
        _ => {}
    }
    interrupting
}

fn event(attributes: &mut Attributes<'_, '_>, definition: &'static str) -> Event {
    let Some(mut inner) = attributes.nested(definition, Place::Other) else {
        return Event::None;
    };
    let event = match definition {
        "timer" => timer(&mut inner).map(Event::Timer),
        "message" => message(&mut inner).map(Event::Message),
        "signal" => signal(&mut inner),
        "error" => Some(Event::Error {
            code: label(&mut inner, "code"),
        }),
        "escalation" => Some(Event::Escalation {
            code: label(&mut inner, "code"),
        }),
        "link" => required_label(&mut inner, "name").map(|name| Event::Link { name }),
        "compensation" => {
            inner.require("handler");
            inner.string("handler").map(|handler| Event::Compensation {
                handler: handler.to_owned(),
            })
        }
        _ => None,
    };
    inner.finish();
    event.unwrap_or(Event::None)
}

fn message(inner: &mut Attributes<'_, '_>) -> Option<Message> {
    let name = required_label(inner, "name");
    let correlation = expression(inner, "correlation");
    let writes = labels(inner, "writes");
    Some(Message {
        name: name?,
        correlation,
        writes,
    })
}

fn signal(inner: &mut Attributes<'_, '_>) -> Option<Event> {
    let name = required_label(inner, "name");
    let writes = labels(inner, "writes");
    Some(Event::Signal { name: name?, writes })
}

const TIMERS: [(&str, TimerKind); 3] = [
    ("timeDuration", TimerKind::Duration),
    ("timeDate", TimerKind::Date),
    ("timeCycle", TimerKind::Cycle),
];

fn timer(inner: &mut Attributes<'_, '_>) -> Option<Timer> {
    let expected = (
        "a string or {\"expression\": \"…\"}",
        "字符串或 {\"expression\": \"…\"}",
    );
    let mut timer = None;
    let mut given = 0;
    for (name, kind) in TIMERS {
        given += usize::from(inner.has(name));
        if let Some(value) = inner.typed(name, expected, timer_value) {
            timer = Some(Timer { kind, value });
        }
    }
    if given != 1 {
        let at = inner.at().to_owned();
        inner.bad_value(
            &at,
            (
                "A timer has one of `timeDuration`, `timeDate` and `timeCycle`.",
                "定时器必须有且仅有 `timeDuration`、`timeDate`、`timeCycle` 之一。",
            ),
        );
    }
    timer
}

fn timer_value(value: &Value) -> Option<TimerValue> {
    match value {
        Value::String(text) => Some(TimerValue::Literal(text.clone())),
        other => single(other)
            .filter(|(name, _)| *name == "expression")
            .and_then(|(_, expression)| expression.as_str())
            .map(|expression| TimerValue::Expression(expression.to_owned())),
    }
}
