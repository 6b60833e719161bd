//! What is wrong with a document that a person wrote, all of it at once.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// One thing that is wrong (or worth a look) in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable, in `SCREAMING_SNAKE_CASE`: the name of the rule.
    pub code: String,
    pub severity: Severity,
    /// Where, as an RFC 6901 pointer into the document.
    pub pointer: String,
    /// The id of the node that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    pub message: Text,
    /// What to do about it, where there is one obvious thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Text>,
}

/// An error keeps a document from being published, a warning does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

impl Diagnostic {
    pub fn error(code: &str, pointer: impl Into<String>, message: Text) -> Self {
        Self {
            code: code.to_owned(),
            severity: Severity::Error,
            pointer: pointer.into(),
            node: None,
            message,
            suggestion: None,
        }
    }

    pub fn warning(code: &str, pointer: impl Into<String>, message: Text) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, pointer, message)
        }
    }

    #[must_use]
    pub fn node(mut self, id: impl Into<String>) -> Self {
        self.node = Some(id.into());
        self
    }

    #[must_use]
    pub fn suggest(mut self, suggestion: Text) -> Self {
        self.suggestion = Some(suggestion);
        self
    }
}
