//! The language as data: what a definition says, field by field.
//!
//! These types hold any definition whose fields have the right JSON shape, valid or not: the
//! [validator](crate::validate) says whether it may be published, and [`Machine`](crate::Machine) is the
//! resolved form that runs. Serializing writes the fields in one fixed order, states in the order in which
//! they were inserted, and fields that are not known last.

mod choice;
mod error_handling;
mod field;
mod map;
mod parallel;
mod pass;
mod state;
mod task;
mod terminal;
mod wait;

pub use choice::{Choice, ChoiceRule, Condition, DataTest, Operator, Test};
pub use error_handling::{Catcher, Jitter, Retrier};
pub use field::{Amount, PathField, Unknown};
pub use map::{
    ExecutionType, ItemBatcher, ItemProcessor, ItemReader, Map, ProcessorConfig, ProcessorMode, ResultWriter,
};
pub use parallel::{Branch, Parallel};
pub use pass::Pass;
pub use state::{State, StateType};
pub use task::Task;
pub use terminal::{Fail, Succeed};
pub use wait::Wait;

pub use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// States by name, in the order of the text.
pub type States = IndexMap<String, State>;

/// The language of paths and templates; JSONPath where a definition names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum QueryLanguage {
    #[default]
    JSONPath,
    JSONata,
}

/// A whole state machine, as `CreateStateMachine` takes it.
///
/// ```
/// use asl::types::{Pass, QueryLanguage, StateMachine};
///
/// let machine = StateMachine::new("Greet")
///     .query_language(QueryLanguage::JSONata)
///     .state("Greet", Pass { output: Some("{% 'hello' %}".into()), end: true, ..Pass::default() });
/// assert_eq!(
///     machine.to_text(),
///     r#"{"StartAt":"Greet","QueryLanguage":"JSONata","States":{"Greet":{"Type":"Pass","Output":"{% 'hello' %}","End":true}}}"#,
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateMachine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub start_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_language: Option<QueryLanguage>,
    /// Seconds that a whole execution may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    pub states: States,
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl StateMachine {
    pub fn new(start_at: impl Into<String>) -> Self {
        Self {
            start_at: start_at.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn query_language(mut self, language: QueryLanguage) -> Self {
        self.query_language = Some(language);
        self
    }

    #[must_use]
    pub fn state(mut self, name: impl Into<String>, state: impl Into<State>) -> Self {
        self.states.insert(name.into(), state.into());
        self
    }

    /// Reads a definition's text. Only JSON and the shapes of the fields are checked here.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The definition as compact JSON; the same machine gives the same bytes.
    pub fn to_text(&self) -> String {
        // Every map of these types has string keys, so writing to memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The definition as indented JSON.
    pub fn to_pretty_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
