//! What everybody who throws a message or signal has to keep to.

use std::collections::BTreeMap;

use domain::thrown::{Channel, Thrown};
use domain::{Detail, Error, Result, Text};
use engine::opening::MOST_CHARACTERS;
use serde_json::Value;

/// Bytes of the data, as JSON: it is kept with the place that takes it.
const MAX_DATA: usize = 32 * 1024;

/// Refuses what no place could take.
pub(crate) fn check(thrown: &Thrown) -> Result<()> {
    let mut faults = Vec::new();
    let (name, correlation) = match &thrown.channel {
        Channel::Message { name, correlation } => (name, Some(correlation)),
        Channel::Signal { name } => (name, None),
    };
    if !(1..=MOST_CHARACTERS).contains(&name.chars().count()) {
        faults.push(length("/name"));
    }
    if correlation.is_some_and(|text| !(1..=MOST_CHARACTERS).contains(&text.chars().count())) {
        faults.push(length("/correlation"));
    }
    if !(1..=255).contains(&thrown.id.len()) {
        let message = Text::new("An id has 1 to 255 bytes.", "id 须为 1 到 255 字节。");
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

fn length(pointer: &str) -> Detail {
    let message = Text::new("1 to 200 characters.", "须为 1 到 200 个字符。");
    Detail::new(pointer, "length", message)
}
