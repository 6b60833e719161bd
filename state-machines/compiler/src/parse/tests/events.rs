//! What events wait for and throw.

use super::language::{check, form_of, kind, node};
use crate::document::{Event, Kind, Thrown, Timer, TimerKind, TimerValue};

#[test]
fn timers_say_when_in_one_way() {
    for (timer, kind_of, value) in [
        (
            r#"{"timeDuration": "PT1H"}"#,
            TimerKind::Duration,
            TimerValue::Literal("PT1H".into()),
        ),
        (
            r#"{"timeDate": {"expression": "due"}}"#,
            TimerKind::Date,
            TimerValue::Expression("due".into()),
        ),
        (
            r#"{"timeCycle": "R/PT1H"}"#,
            TimerKind::Cycle,
            TimerValue::Literal("R/PT1H".into()),
        ),
    ] {
        let text = format!(r#"{{"type": "intermediateCatchEvent", "timer": {timer}}}"#);
        let Kind::Catch(Event::Timer(read)) = kind(&text) else {
            panic!("{text}")
        };
        assert_eq!(read, Timer { kind: kind_of, value });
    }
    for (timer, expected) in [
        ("{}", "BAD_VALUE /timer"),
        ("7", "WRONG_TYPE /timer"),
        (r#"{"timeDate": "a", "timeCycle": "b"}"#, "BAD_VALUE /timer"),
        (r#"{"timeDate": {"expr": "a"}}"#, "WRONG_TYPE /timer/timeDate"),
        (
            r#"{"timeDate": "a", "after": "b"}"#,
            "UNKNOWN_ATTRIBUTE /timer/after",
        ),
    ] {
        let text = format!(r#"{{"type": "intermediateCatchEvent", "timer": {timer}}}"#);
        check(&text, &[expected]);
    }
}

#[test]
fn an_event_is_about_one_thing() {
    for (text, expected) in [
        (
            r#""intermediateCatchEvent", "timer": {"timeDate": "d"}, "link": {"name": "n"}"#,
            "/link",
        ),
        (
            r#""boundaryEvent", "attachedTo": "a", "error": {}, "message": {}"#,
            "/error",
        ),
        (r#""startEvent", "signal": {"name": "a"}, "error": {}"#, "/error"),
        (
            r#""endEvent", "terminate": true, "error": {"code": "a"}"#,
            "/error",
        ),
        (r#""sendTask", "message": {"name": "a"}, "signal": {}"#, "/signal"),
    ] {
        let (_, said) = form_of(&[node(&format!(r#"{{"type": {text}}}"#))]);
        assert!(
            said.contains(&format!("MULTIPLE_EVENT_DEFINITION {expected}")),
            "{said:?}"
        );
    }
}

#[test]
fn events_have_what_they_wait_for() {
    for (text, expected) in [
        (r#""intermediateCatchEvent""#, "MISSING_ATTRIBUTE "),
        (r#""receiveTask""#, "MISSING_ATTRIBUTE "),
        (r#""sendTask""#, "MISSING_ATTRIBUTE "),
        (r#""boundaryEvent", "attachedTo": "a""#, "MISSING_ATTRIBUTE "),
        (r#""boundaryEvent", "error": {}"#, "MISSING_ATTRIBUTE "),
        (
            r#""boundaryEvent", "attachedTo": "a", "link": {"name": "a"}, "error": {}"#,
            "UNKNOWN_ATTRIBUTE /link",
        ),
        (
            r#""boundaryEvent", "attachedTo": "a", "interrupting": false, "error": {}"#,
            "ERROR_IS_INTERRUPTING /interrupting",
        ),
        (
            r#""boundaryEvent", "attachedTo": "a", "interrupting": false, "compensation": {"handler": "b"}"#,
            "BAD_VALUE /interrupting",
        ),
        (
            r#""startEvent", "interrupting": true"#,
            "UNKNOWN_ATTRIBUTE /interrupting",
        ),
        (
            r#""receiveTask", "message": {"writes": []}"#,
            "MISSING_ATTRIBUTE /message",
        ),
        (
            r#""intermediateThrowEvent", "escalation": {}"#,
            "MISSING_ATTRIBUTE /escalation",
        ),
        (r#""endEvent", "error": {"code": ""}"#, "BAD_VALUE /error/code"),
        (r#""endEvent", "terminate": "yes""#, "WRONG_TYPE /terminate"),
        (
            r#""sendTask", "message": {"name": "a", "data": {"b": 1}}"#,
            "WRONG_TYPE /message/data/b",
        ),
        (r#""scriptTask""#, "MISSING_ATTRIBUTE "),
        (r#""scriptTask", "script": {}"#, "BAD_VALUE /script"),
        (r#""scriptTask", "script": {"": "1"}"#, "BAD_VALUE /script/"),
        (r#""callActivity", "in": {}"#, "MISSING_ATTRIBUTE "),
    ] {
        check(&format!(r#"{{"type": {text}}}"#), &[expected]);
    }
    assert!(matches!(
        kind(r#"{"type": "intermediateThrowEvent"}"#),
        Kind::Throw(Thrown::None)
    ));
}
