//! What a value may be, as far as it is known before anything runs.

use std::ops::{BitAnd, BitOr};

use serde_json::Value;

/// A set of JSON types, with "missing" (JSONata's undefined) as one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NUMBER: Self = Self(1);
    pub(super) const STRING: Self = Self(2);
    pub(super) const BOOLEAN: Self = Self(4);
    pub(super) const NULL: Self = Self(8);
    pub(super) const ARRAY: Self = Self(16);
    pub(super) const OBJECT: Self = Self(32);
    pub(super) const MISSING: Self = Self(64);
    pub(super) const ANY: Self = Self(127);

    const NAMES: [(Self, &str, &str); 6] = [
        (Self::NUMBER, "a number", "数字"),
        (Self::STRING, "a string", "字符串"),
        (Self::BOOLEAN, "true or false", "布尔值"),
        (Self::NULL, "null", "null"),
        (Self::ARRAY, "a list", "列表"),
        (Self::OBJECT, "an object", "对象"),
    ];

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn present(self) -> Self {
        self.without(Self::MISSING)
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn meets(self, other: Self) -> bool {
        !(self & other).is_none()
    }

    pub(super) fn within(self, other: Self) -> bool {
        self.without(other).is_none()
    }

    /// "a number or a string", in both languages.
    pub(super) fn describe(self) -> (String, String) {
        let names: Vec<_> = Self::NAMES
            .iter()
            .filter(|(kind, ..)| self.meets(*kind))
            .collect();
        if names.is_empty() {
            return ("nothing".to_owned(), "无值".to_owned());
        }
        let join = |words: Vec<&str>, or: &str| words.join(or);
        (
            join(names.iter().map(|(_, en, _)| *en).collect(), " or "),
            join(names.iter().map(|(_, _, zh)| *zh).collect(), "或"),
        )
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// A value as it is known: its types, the schema of what is in it, the only values that it can have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'s> {
    pub(super) kinds: Kinds,
    pub(super) schema: Option<&'s Value>,
    pub(super) values: Option<&'s [Value]>,
}

impl Shape<'_> {
    pub(super) const ANY: Self = Self::of(Kinds::ANY);

    pub(super) const fn of(kinds: Kinds) -> Self {
        Self {
            kinds,
            schema: None,
            values: None,
        }
    }
}
