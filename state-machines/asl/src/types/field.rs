//! Shapes of single fields that ASL shares between states.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value};

/// Fields that this crate does not know; they survive a round trip.
pub type Unknown = Map<String, Value>;

/// A path field where `null` means something else than absence: `InputPath`, `OutputPath` and `ResultPath`.
///
/// `None` is absent (the whole of it, `$`), `Some(None)` is `null` (discard), `Some(Some(path))` is a path.
pub type PathField = Option<Option<String>>;

/// A quantity: a literal number or, in JSONata, an expression in `{% %}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    Literal(Number),
    Expression(String),
}

impl From<u64> for Amount {
    fn from(number: u64) -> Self {
        Self::Literal(number.into())
    }
}

impl From<String> for Amount {
    fn from(expression: String) -> Self {
        Self::Expression(expression)
    }
}

impl From<&str> for Amount {
    fn from(expression: &str) -> Self {
        Self::Expression(expression.to_owned())
    }
}

/// Keeps `null` apart from absence (`Option` alone makes both `None`).
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}
