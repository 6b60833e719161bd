//! Values of attributes that several types of nodes have.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::attributes::Attributes;
use crate::document::Assignments;
use crate::pointer;

/// What is wrong, in English and Chinese.
pub(super) type Message = (&'static str, &'static str);

/// The longest name of an outcome, a variable, a message, an error, in characters.
const LONGEST_LABEL: usize = 64;

pub(super) fn is_label(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST_LABEL && !text.chars().any(char::is_control)
}

const NO_LABEL: Message = (
    "This must be a string of 1 to 64 characters on one line.",
    "必须是 1 到 64 个字符的单行字符串。",
);

/// A name that only the definition and those whom it calls know.
pub(super) fn label(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Option<String> {
    let text = attributes.string(name)?;
    if is_label(text) {
        return Some(text.to_owned());
    }
    let at = attributes.pointer(name);
    attributes.bad_value(&at, NO_LABEL);
    None
}

/// As [`label`], and told where it is missing.
pub(super) fn required_label(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Option<String> {
    attributes.require(name);
    label(attributes, name)
}

pub(super) fn labels(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Vec<String> {
    let at = attributes.pointer(name);
    let mut labels = Vec::new();
    for (i, value) in attributes.list(name).into_iter().flatten().enumerate() {
        match value.as_str().filter(|text| is_label(text)) {
            Some(text) => labels.push(text.to_owned()),
            None => attributes.bad_value(&pointer::index(&at, i), NO_LABEL),
        }
    }
    labels
}

/// An expression; what it says is the business of the rules.
pub(super) fn expression(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Option<String> {
    attributes.string(name).map(str::to_owned)
}

/// As [`expression`], and told where it is missing.
pub(super) fn required_expression(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Option<String> {
    attributes.require(name);
    expression(attributes, name)
}

/// `{name: expression}`.
pub(super) fn assignments(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Assignments {
    let at = attributes.pointer(name);
    let mut assignments = Vec::new();
    for (variable, value) in attributes.object(name).into_iter().flatten() {
        let at = pointer::join(&at, variable);
        if !is_label(variable) {
            attributes.bad_value(&at, NO_LABEL);
        }
        match value.as_str() {
            Some(expression) => assignments.push((variable.clone(), expression.to_owned())),
            None => attributes.wrong_type(&at, variable, ("an expression, a string", "表达式字符串")),
        }
    }
    assignments
}

/// As [`assignments`], of which there must be one.
pub(super) fn some_assignments(attributes: &mut Attributes<'_, '_>, name: &'static str) -> Assignments {
    attributes.require(name);
    let assignments = assignments(attributes, name);
    let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    if attributes.take(name).is_some_and(is_empty) {
        let at = attributes.pointer(name);
        attributes.bad_value(&at, ("Nothing is set here.", "此处没有设置任何内容。"));
    }
    assignments
}

pub(super) fn whole(
    attributes: &mut Attributes<'_, '_>,
    name: &'static str,
    range: RangeInclusive<u32>,
) -> Option<u32> {
    let number = attributes.typed(name, ("a whole number", "整数"), Value::as_i64)?;
    let number = u32::try_from(number).ok().filter(|number| range.contains(number));
    if number.is_none() {
        let (low, high) = (range.start(), range.end());
        let at = attributes.pointer(name);
        attributes.bad_value(
            &at,
            (
                &format!("`{name}` must lie between {low} and {high}."),
                &format!("`{name}` 必须在 {low} 到 {high} 之间。"),
            ),
        );
    }
    number
}

/// A list that must have entries.
pub(super) fn some_entries<'v>(
    attributes: &mut Attributes<'v, '_>,
    name: &'static str,
) -> Option<&'v Vec<Value>> {
    let list = attributes.list(name)?;
    if list.is_empty() {
        let at = attributes.pointer(name);
        attributes.bad_value(&at, ("The list must not be empty.", "列表不能为空。"));
    }
    Some(list)
}

/// An object of one attribute (`{"role": "director"}`).
pub(super) fn single(entry: &Value) -> Option<(&str, &Value)> {
    let fields: &Map<String, Value> = entry.as_object().filter(|fields| fields.len() == 1)?;
    fields.iter().next().map(|(kind, value)| (kind.as_str(), value))
}
