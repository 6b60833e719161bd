//! What everybody who throws a message or signal has to keep to.

use std::collections::BTreeMap;

use domain::thrown::{Channel, Thrown};
use domain::{Detail, Error, Result, Text};
use engine::opening::most_characters;
use serde_json::Value;

/// Bytes of the data, as JSON: it is kept with the place that takes it.
const MAX_DATA: usize = 32 * 1024;

/// Bytes of an id: a machine's has an instance, a node, a visit and an iteration in it.
const LONGEST_ID: usize = 300;

/// Refuses what only state machines may throw, and what no place could take.
pub(crate) fn check_from_outside(thrown: &Thrown) -> Result<()> {
    if thrown.channel.is_internal() {
        let message = Text::new(
            "Names that begin with `escalation:` are the platform's own.",
            "以 `escalation:` 开头的名称由平台保留。",
        );
        return Err(Error::invalid("/name", "reserved", message));
    }
    check(thrown)
}

/// Refuses what no place could take.
pub(crate) fn check(thrown: &Thrown) -> Result<()> {
    let mut faults = Vec::new();
    let (name, correlation) = match &thrown.channel {
        Channel::Message { name, correlation } => (name, Some(correlation)),
        Channel::Signal { name } => (name, None),
    };
    let most = most_characters(&thrown.channel);
    if !(1..=most).contains(&name.chars().count()) {
        faults.push(length("/name", most));
    }
    if correlation.is_some_and(|text| !(1..=most).contains(&text.chars().count())) {
        faults.push(length("/correlation", most));
    }
    if !(1..=LONGEST_ID).contains(&thrown.id.len()) {
        let message = Text::new(
            format!("An id has 1 to {LONGEST_ID} bytes."),
            format!("id 须为 1 到 {LONGEST_ID} 字节。"),
        );
        faults.push(Detail::new("/id", "length", message));
    }
    if size(&thrown.data) > MAX_DATA {
        let message = Text::new("The data is larger than 32 KiB.", "数据超过 32 KiB。");
        faults.push(Detail::new("/data", "too_large", message));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Validation(faults))
    }
}

fn size(data: &BTreeMap<String, Value>) -> usize {
    serde_json::json!(data).to_string().len()
}

fn length(pointer: &str, most: usize) -> Detail {
    let message = Text::new(
        format!("1 to {most} characters."),
        format!("须为 1 到 {most} 个字符。"),
    );
    Detail::new(pointer, "length", message)
}
