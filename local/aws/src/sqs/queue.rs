//! A queue: its name and its attributes, checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;

use super::error::invalid_value;
use crate::AwsError;

/// Bytes of a message that AWS takes.
pub(super) const LARGEST_MESSAGE: i64 = 1024 * 1024;

pub(super) type Attributes = BTreeMap<String, String>;

pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) attributes: Attributes,
    pub(super) tags: BTreeMap<String, String>,
    /// Seconds since 1970.
    pub(super) created: i64,
    pub(super) modified: i64,
    /// Wakes those who wait for messages.
    pub(super) arrivals: std::sync::Arc<Notify>,
}

/// Attributes that are numbers: name, default, smallest, largest.
const NUMBERS: &[(&str, i64, i64, i64)] = &[
    ("DelaySeconds", 0, 0, 900),
    ("MaximumMessageSize", LARGEST_MESSAGE, 1024, LARGEST_MESSAGE),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, 20),
    ("VisibilityTimeout", 30, 0, 43_200),
    ("KmsDataKeyReusePeriodSeconds", 300, 60, 86_400),
];
/// Kept as they are given.
const TEXTS: &[&str] = &[
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "Policy",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
];
/// What is computed, beside those above.
pub(super) const COMPUTED: &[&str] = &[
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    /// Of the dead-letter queue.
    pub(super) target: String,
    pub(super) max_receives: i64,
}

impl Queue {
    pub(super) fn fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        let given = self.attributes.get(name).and_then(|value| value.parse().ok());
        let default = || {
            NUMBERS
                .iter()
                .find(|(known, ..)| *known == name)
                .map(|(_, default, ..)| *default)
        };
        given.or_else(default).unwrap_or_default()
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.attributes.get(name).is_some_and(|value| value == "true")
    }

    pub(super) fn redrive(&self) -> Option<Redrive> {
        parse_redrive(self.attributes.get("RedrivePolicy")?).ok()
    }

    /// What was set or is so by default.
    pub(super) fn all_attributes(&self) -> Attributes {
        let mut all = self.attributes.clone();
        for (name, default, ..) in NUMBERS {
            let encrypted = self.attributes.contains_key("KmsMasterKeyId");
            if *name != "KmsDataKeyReusePeriodSeconds" || encrypted {
                all.entry((*name).to_owned())
                    .or_insert_with(|| default.to_string());
            }
        }
        all.entry("SqsManagedSseEnabled".to_owned())
            .or_insert_with(|| "true".to_owned());
        if self.fifo() {
            for (name, value) in [
                ("ContentBasedDeduplication", "false"),
                ("DeduplicationScope", "queue"),
                ("FifoThroughputLimit", "perQueue"),
            ] {
                all.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        all
    }
}

pub(super) fn is_attribute(name: &str) -> bool {
    NUMBERS.iter().any(|(known, ..)| *known == name) || TEXTS.contains(&name) || COMPUTED.contains(&name)
}

pub(super) fn check_name(name: &str, attributes: &Attributes) -> Result<(), AwsError> {
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    let letters = plain
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if plain.is_empty() || name.len() > 80 || !letters {
        return Err(invalid_value(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    let fifo = attributes.get("FifoQueue").map(String::as_str);
    match (name.ends_with(".fifo"), fifo) {
        (true, Some("true")) | (false, None) => Ok(()),
        (true, _) => Err(invalid_value(
            "The name of a FIFO queue ends with .fifo, and its attribute FifoQueue is true.",
        )),
        (false, _) => Err(AwsError::sender(
            "InvalidAttributeName",
            "Unknown Attribute FifoQueue: it is true for FIFO queues and absent else.",
        )),
    }
}

/// An empty value takes an attribute away.
pub(super) fn check_attributes(attributes: &Attributes, fifo: bool) -> Result<(), AwsError> {
    for (name, value) in attributes {
        let invalid = || {
            AwsError::sender(
                "InvalidAttributeValue",
                format!("Invalid value for the parameter {name}."),
            )
        };
        if value.is_empty() {
            continue;
        }
        if let Some((_, _, least, most)) = NUMBERS.iter().find(|(known, ..)| known == name) {
            let number: i64 = value.parse().map_err(|_| invalid())?;
            if number < *least || number > *most {
                return Err(invalid());
            }
            continue;
        }
        let only_fifo = [
            "ContentBasedDeduplication",
            "DeduplicationScope",
            "FifoThroughputLimit",
        ];
        if !TEXTS.contains(&name.as_str()) || (only_fifo.contains(&name.as_str()) && !fifo) {
            return Err(AwsError::sender(
                "InvalidAttributeName",
                format!("Unknown Attribute {name}."),
            ));
        }
        match name.as_str() {
            "RedrivePolicy" => drop(parse_redrive(value)?),
            "RedriveAllowPolicy" | "Policy" if serde_json::from_str::<Value>(value).is_err() => {
                return Err(invalid());
            }
            "ContentBasedDeduplication" | "SqsManagedSseEnabled" if value != "true" && value != "false" => {
                return Err(invalid());
            }
            _ => {}
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    dead_letter_target_arn: String,
    max_receive_count: Value,
}

fn parse_redrive(text: &str) -> Result<Redrive, AwsError> {
    let invalid = || {
        AwsError::sender(
            "InvalidAttributeValue",
            "Invalid value for the parameter RedrivePolicy.",
        )
    };
    let policy: Policy = serde_json::from_str(text).map_err(|_| invalid())?;
    // Both are seen in the wild.
    let count = match &policy.max_receive_count {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let max_receives = count
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(invalid)?;
    Ok(Redrive {
        target: policy.dead_letter_target_arn,
        max_receives,
    })
}
