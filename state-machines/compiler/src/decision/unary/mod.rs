//! DMN's unary tests: what a cell asks of its input.

mod read;

use serde_json::Value;

pub(crate) use read::read;

/// What one cell asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// `-`
    Anything,
    /// Any of them holds.
    OneOf(Vec<Test>),
    /// None of them holds.
    NoneOf(Vec<Test>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Is(Constant),
    /// Another value of the same type; for null: any value.
    IsNot(Constant),
    Order(Order, Bound),
    Between(End, End),
}

/// A value as a cell can write it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    /// Also where there is no value.
    Null,
    Bool(bool),
    Of(Bound),
}

/// What can be ordered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bound {
    Number(f64),
    /// A date is one too: as it is written in JSON, its order is that of its text.
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// One end of a range, and whether it belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) bound: Bound,
    pub(crate) closed: bool,
}

impl Cell {
    /// Total: a value of another type than the one that is asked for is no error.
    pub(crate) fn holds(&self, value: Option<&Value>) -> bool {
        let any = |tests: &[Test]| tests.iter().any(|test| test.holds(value));
        match self {
            Self::Anything => true,
            Self::OneOf(tests) => any(tests),
            Self::NoneOf(tests) => !any(tests),
        }
    }

    pub(crate) fn tests(&self) -> &[Test] {
        match self {
            Self::Anything => &[],
            Self::OneOf(tests) | Self::NoneOf(tests) => tests,
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&Value>) -> bool {
        let value = value.unwrap_or(&Value::Null);
        match self {
            Self::Is(constant) => constant.is(value),
            Self::IsNot(constant) => constant.is_another(value),
            Self::Order(order, bound) => bound.order(value).is_some_and(|found| order.allows(found)),
            Self::Between(low, high) => {
                let (from, to) = (low.bound.order(value), high.bound.order(value));
                from.is_some_and(|found| low.order(true).allows(found))
                    && to.is_some_and(|found| high.order(false).allows(found))
            }
        }
    }
}

impl Constant {
    fn is(&self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Bool(bool) => value == bool,
            Self::Of(bound) => bound.order(value) == Some(std::cmp::Ordering::Equal),
        }
    }

    fn is_another(&self, value: &Value) -> bool {
        let same_type = match self {
            Self::Null => true,
            Self::Bool(_) => value.is_boolean(),
            Self::Of(Bound::Number(_)) => value.is_number(),
            Self::Of(Bound::Text(_)) => value.is_string(),
        };
        same_type && !self.is(value)
    }
}

impl Bound {
    /// How the value stands to the bound; None for one of another type.
    pub(crate) fn order(&self, value: &Value) -> Option<std::cmp::Ordering> {
        match self {
            Self::Number(bound) => value.as_f64()?.partial_cmp(bound),
            // JSONata's order is that of UTF-16.
            Self::Text(bound) => Some(value.as_str()?.encode_utf16().cmp(bound.encode_utf16())),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Number(number) => json_number(*number),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }
}

impl Order {
    fn allows(self, found: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => found.is_lt(),
            Self::AtMost => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::AtLeast => found.is_ge(),
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl End {
    pub(crate) fn order(&self, is_low: bool) -> Order {
        match (is_low, self.closed) {
            (true, true) => Order::AtLeast,
            (true, false) => Order::Greater,
            (false, true) => Order::AtMost,
            (false, false) => Order::Less,
        }
    }
}

/// As JSON writes it: whole numbers without a fraction.
pub(crate) fn json_number(number: f64) -> Value {
    /// The largest up to which every whole number is one of 64 bits of floating point.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number in the range of i64"
    )]
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Value::from(number as i64);
    }
    Value::from(number)
}
