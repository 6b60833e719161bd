//! One recorded execution against its replay.

use asl::replay::replay;
use serde_json::Value;

use super::compare::{Comparison, normalised};

/// What differs, or nothing.
pub(crate) fn check(case: &Value) -> Result<(), String> {
    let emitted = replay(case).map_err(|problems| format!("{problems:?}"))?;
    compare(case, &emitted)
}

/// What differs between a recording and the events that something emitted for it.
pub(crate) fn compare(case: &Value, emitted: &[Value]) -> Result<(), String> {
    let recorded = case["history"].as_array().ok_or("the recording has no history")?;
    let mut comparison = Comparison::new(&case["redactions"]);
    if case["order_normalised"] == true {
        let lost = case["events_missing"].as_u64().unwrap_or(0);
        return unordered(recorded, emitted, &mut comparison, lost);
    }
    let in_order = ordered(recorded, emitted, &mut comparison);
    if in_order.is_ok() || !runs_concurrently(&case["definition"]) {
        return in_order;
    }
    // Iterations that run at the same time may interleave in any way.
    unordered(recorded, emitted, &mut Comparison::new(&case["redactions"]), 0)
        .map_err(|_| in_order.unwrap_err())
}

fn runs_concurrently(definition: &Value) -> bool {
    match definition {
        Value::Object(fields) => {
            let kind = fields.get("Type").and_then(Value::as_str);
            (kind == Some("Map") && fields.get("MaxConcurrency") != Some(&1.into()))
                || kind == Some("Parallel")
                || fields.values().any(runs_concurrently)
        }
        Value::Array(items) => items.iter().any(runs_concurrently),
        _ => false,
    }
}

/// The event without what is compared apart.
fn content(event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(fields) = event.as_object_mut() {
        for name in ["id", "previousEventId", "timestamp"] {
            fields.remove(name);
        }
    }
    normalised(&event)
}

fn ordered(recorded: &[Value], emitted: &[Value], comparison: &mut Comparison) -> Result<(), String> {
    for (index, expected) in recorded.iter().enumerate() {
        let at = format!("event {}", index + 1);
        let Some(actual) = emitted.get(index) else {
            return Err(format!("{at}: missing, expected {expected}"));
        };
        if let Some(difference) = comparison.difference(&content(expected), &content(actual), &at) {
            return Err(difference);
        }
    }
    if let Some(more) = emitted.get(recorded.len()) {
        return Err(format!("event {}: not expected: {more}", recorded.len() + 1));
    }
    let mut in_map_run = false;
    for (expected, actual) in recorded.iter().zip(emitted) {
        let kind = expected["type"].as_str().unwrap_or_default();
        in_map_run |= kind == "MapRunStarted";
        let unsure = kind == "MapStateExited" && in_map_run;
        if expected["id"] != actual["id"]
            || (!unsure && expected["previousEventId"] != actual["previousEventId"])
        {
            return Err(format!(
                "{kind}: expected id {} after {}, got {} after {}",
                expected["id"], expected["previousEventId"], actual["id"], actual["previousEventId"]
            ));
        }
        in_map_run &= kind != "MapStateExited";
    }
    Ok(())
}

/// Compares as multisets. Where the recorder sorted the events it also lost those that close a Parallel.
fn unordered(
    recorded: &[Value],
    emitted: &[Value],
    comparison: &mut Comparison,
    lost: u64,
) -> Result<(), String> {
    let mut left: Vec<&Value> = emitted.iter().collect();
    for expected in recorded {
        let wanted = content(expected);
        let found = left
            .iter()
            .position(|actual| comparison.difference(&wanted, &content(actual), "").is_none());
        match found {
            Some(index) => left.remove(index),
            None => return Err(format!("nothing like {wanted}")),
        };
    }
    // Of those that close a Parallel state.
    let closing = |event: &&Value| {
        event["type"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("ParallelState"))
    };
    if left.len() as u64 <= lost && left.iter().all(closing) {
        return Ok(());
    }
    left.first()
        .map_or(Ok(()), |more| Err(format!("not expected: {more}")))
}
