//! Outputs that are literals, and how they rank.

use jsonata_core::ast::{AstNode, UnaryOp};
use serde_json::Value;

use super::unary::json_number;
use super::{Decision, Output, Rule};

/// The value of an expression that is one literal.
pub(crate) fn literal(source: &str) -> Option<Value> {
    let tree = jsonata_core::parser::parse(source).ok()?;
    match tree {
        AstNode::String(text) => Some(Value::from(text)),
        AstNode::Number(number) => Some(json_number(number)),
        AstNode::Boolean(bool) => Some(Value::from(bool)),
        AstNode::Null => Some(Value::Null),
        AstNode::Unary {
            op: UnaryOp::Negate,
            operand,
        } => match *operand {
            AstNode::Number(number) => Some(json_number(-number)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether two values are one to JSONata, which has one type of numbers.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other).is_eq() || (one == 0.0 && other == 0.0),
        _ => one == other,
    }
}

/// The rules by what they give, the most important first, else in the order of the text. Outputs without `values`
/// do not count.
pub(super) fn by_rank(table: &Decision) -> Vec<usize> {
    let mut ranked: Vec<(Vec<usize>, usize)> = table
        .rules
        .iter()
        .enumerate()
        .map(|(no, rule)| (rank(&table.outputs, rule), no))
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, no)| no).collect()
}

fn rank(outputs: &[Output], rule: &Rule) -> Vec<usize> {
    let place = |(output, then): (&Output, &String)| {
        let given = literal(then);
        let place = output
            .values
            .iter()
            .position(|value| given.as_ref().is_some_and(|given| same(value, given)));
        place.unwrap_or(output.values.len())
    };
    outputs.iter().zip(&rule.then).map(place).collect()
}
