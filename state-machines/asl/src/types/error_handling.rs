use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::field::{PathField, Unknown, present};

/// One entry of `Retry`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retrier {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub error_equals: Vec<String>,
    /// Seconds before the first retry; 1 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
    /// Retries, not attempts; 3 where absent, 0 for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u64>,
    /// At least 1.0; 2.0 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_rate: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_strategy: Option<Jitter>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Jitter {
    Full,
    None,
}

/// One entry of `Catch`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catcher {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub error_equals: Vec<String>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub result_path: PathField,
    /// Variables that are set on leaving, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<Map<String, Value>>,
    /// JSONata: what the state hands on.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Value>,
    pub next: String,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl Retrier {
    pub fn new<E: Into<String>>(errors: impl IntoIterator<Item = E>) -> Self {
        Self {
            error_equals: errors.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

impl Catcher {
    pub fn new<E: Into<String>>(errors: impl IntoIterator<Item = E>, next: impl Into<String>) -> Self {
        Self {
            error_equals: errors.into_iter().map(Into::into).collect(),
            next: next.into(),
            ..Self::default()
        }
    }
}
