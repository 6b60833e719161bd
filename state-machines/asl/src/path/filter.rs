//! Filters: `[?(@.price < 10 && @.kind in ['a','b'])]`.

use serde_json::Value;

use super::evaluate::Budget;
use super::parse::{PathSyntaxError, error, path_at, quoted, steps};
use super::{Path, Step};
use crate::text::Cursor;
use crate::value::compare_numbers;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// From the item under test.
    Item(Path),
    /// From the document.
    Document(Path),
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
    Size,
    Empty,
}

/// Longest first, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 13] = [
    ("===", Comparison::Equal),
    ("!==", Comparison::NotEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("nin", Comparison::NotIn),
    ("in", Comparison::In),
    ("contains", Comparison::Contains),
    ("size", Comparison::Size),
    ("empty", Comparison::Empty),
];

pub(super) fn parse(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, PathSyntaxError> {
    let mut any = vec![conjunction(cursor, nesting)?];
    cursor.skip_spaces();
    while cursor.eat("||") {
        any.push(conjunction(cursor, nesting)?);
        cursor.skip_spaces();
    }
    Ok(match <[Filter; 1]>::try_from(any) {
        Ok([only]) => only,
        Err(any) => Filter::Or(any),
    })
}

fn conjunction(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, PathSyntaxError> {
    let mut all = vec![term(cursor, nesting)?];
    cursor.skip_spaces();
    while cursor.eat("&&") {
        all.push(term(cursor, nesting)?);
        cursor.skip_spaces();
    }
    Ok(match <[Filter; 1]>::try_from(all) {
        Ok([only]) => only,
        Err(all) => Filter::And(all),
    })
}

fn term(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, PathSyntaxError> {
    if nesting > 16 {
        return Err(error(cursor, "too deeply nested"));
    }
    cursor.skip_spaces();
    if cursor.eat("!") {
        return Ok(Filter::Not(Box::new(term(cursor, nesting + 1)?)));
    }
    if cursor.eat("(") {
        let inner = parse(cursor, nesting + 1)?;
        cursor.skip_spaces();
        return if cursor.eat(")") {
            Ok(inner)
        } else {
            Err(error(cursor, "')' is missing"))
        };
    }
    let left = operand(cursor, nesting)?;
    cursor.skip_spaces();
    for (symbol, comparison) in COMPARISONS {
        if cursor.eat(symbol) {
            let right = operand(cursor, nesting)?;
            return Ok(Filter::Compare(left, comparison, right));
        }
    }
    Ok(Filter::Exists(left))
}

fn operand(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Operand, PathSyntaxError> {
    cursor.skip_spaces();
    match cursor.peek() {
        Some('@') => {
            let start = cursor.position();
            cursor.next();
            let steps = steps(cursor, nesting + 1)?;
            let definite = steps
                .iter()
                .all(|step| matches!(step, Step::Property(_) | Step::Index(_) | Step::Function(_)));
            Ok(Operand::Item(Path {
                text: cursor.since(start).to_owned(),
                root: super::Root::Input,
                steps,
                definite,
            }))
        }
        Some('$') => path_at(cursor, nesting + 1).map(Operand::Document),
        Some('\'' | '"') => quoted(cursor).map(|text| Operand::Literal(text.into())),
        Some('[') => list(cursor, nesting),
        _ => bare(cursor),
    }
}

fn list(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Operand, PathSyntaxError> {
    cursor.eat("[");
    let mut items = Vec::new();
    loop {
        cursor.skip_spaces();
        if cursor.eat("]") {
            return Ok(Operand::Literal(items.into()));
        }
        match operand(cursor, nesting + 1)? {
            Operand::Literal(item) if nesting < 16 => items.push(item),
            _ => return Err(error(cursor, "a list holds literals")),
        }
        cursor.skip_spaces();
        cursor.eat(",");
    }
}

/// A number, `true`, `false`, `null`, or a word, which AWS takes for a text.
fn bare(cursor: &mut Cursor<'_>) -> Result<Operand, PathSyntaxError> {
    let word = cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'));
    if word.is_empty() {
        return Err(error(cursor, "a value is missing"));
    }
    let literal = serde_json::from_str(word);
    Ok(Operand::Literal(literal.unwrap_or_else(|_| word.into())))
}

impl Filter {
    pub(super) fn holds(&self, item: &Value, document: &Value, budget: &Budget) -> bool {
        match self {
            Self::Or(any) => any.iter().any(|filter| filter.holds(item, document, budget)),
            Self::And(all) => all.iter().all(|filter| filter.holds(item, document, budget)),
            Self::Not(filter) => !filter.holds(item, document, budget),
            Self::Exists(operand) => operand.get(item, document, budget).is_some(),
            Self::Compare(left, comparison, right) => {
                match (
                    left.get(item, document, budget),
                    right.get(item, document, budget),
                ) {
                    (Some(left), Some(right)) => comparison.holds(&left, &right),
                    (left, right) => *comparison == Comparison::NotEqual && left != right,
                }
            }
        }
    }
}

impl Operand {
    fn get(&self, item: &Value, document: &Value, budget: &Budget) -> Option<Value> {
        match self {
            Self::Item(path) => path
                .find_within(item, budget)
                .ok()
                .map(std::borrow::Cow::into_owned),
            Self::Document(path) => path
                .find_within(document, budget)
                .ok()
                .map(std::borrow::Cow::into_owned),
            Self::Literal(value) => Some(value.clone()),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = match (left, right) {
            (Value::Number(left), Value::Number(right)) => Some(compare_numbers(left, right)),
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            _ => None,
        };
        let equal = order.map_or_else(|| left == right, std::cmp::Ordering::is_eq);
        let has = |list: &Value, item: &Value| list.as_array().is_some_and(|list| list.contains(item));
        match self {
            Self::Equal => equal,
            Self::NotEqual => !equal,
            Self::Less => order.is_some_and(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
            Self::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
            Self::GreaterOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
            Self::In => has(right, left),
            Self::NotIn => !has(right, left),
            Self::Contains => match (left, right) {
                (Value::String(left), Value::String(right)) => left.contains(right.as_str()),
                _ => has(left, right),
            },
            Self::Size => length(left).is_some_and(|size| right.as_u64() == Some(size as u64)),
            Self::Empty => right.as_bool() == Some(length(left) == Some(0)),
        }
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::String(text) => Some(text.chars().count()),
        Value::Object(fields) => Some(fields.len()),
        _ => None,
    }
}
