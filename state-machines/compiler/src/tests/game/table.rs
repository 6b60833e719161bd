//! Decision tables.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::expression::evaluate;

type Fields = Map<String, Value>;

/// What the table sets.
pub(in crate::tests) fn decide(table: &Value, data: &Fields) -> Result<Vec<(String, Value)>, String> {
    let outputs = list(&table["outputs"]);
    let names: Vec<&str> = outputs
        .iter()
        .filter_map(|output| output["name"].as_str())
        .collect();
    let mut hits = Vec::new();
    for rule in list(&table["rules"]) {
        if matches(table, rule, data)? {
            hits.push(answers(rule, data)?);
        }
    }
    let policy = table["hitPolicy"].as_str().unwrap_or("UNIQUE");
    let order = |hits: &mut Vec<Vec<Option<Value>>>| {
        hits.sort_by_key(|hit| rank(outputs, hit));
    };
    match policy {
        "UNIQUE" if hits.len() > 1 => return Err("DECISION_NOT_UNIQUE".to_owned()),
        "ANY" if hits.windows(2).any(|pair| pair[0] != pair[1]) => return Err("DECISION_NOT_ANY".to_owned()),
        "PRIORITY" | "OUTPUT ORDER" => order(&mut hits),
        _ => {}
    }
    let mut set = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let values = hits.iter().map(|hit| hit[column].clone());
        let value = match policy {
            "COLLECT" => collect(
                table["aggregation"].as_str(),
                values.flatten().collect(),
                hits.len(),
            ),
            "RULE ORDER" | "OUTPUT ORDER" => Some(Value::Array(values.flatten().collect())),
            _ if hits.is_empty() => match outputs[column]["default"].as_str() {
                Some(source) => evaluate(source, data)?,
                None => None,
            },
            _ => hits[0][column].clone(),
        };
        set.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    Ok(set)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn matches(table: &Value, rule: &Value, data: &Fields) -> Result<bool, String> {
    for (input, test) in list(&table["inputs"]).iter().zip(list(&rule["when"])) {
        let value = evaluate(input["expression"].as_str().unwrap_or_default(), data)?;
        if !fits(test.as_str().unwrap_or_default(), value.as_ref(), data)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn answers(rule: &Value, data: &Fields) -> Result<Vec<Option<Value>>, String> {
    let then = list(&rule["then"]).iter();
    then.map(|source| evaluate(source.as_str().unwrap_or_default(), data))
        .collect()
}

/// Where each value stands in its output's list, the first output counting most.
fn rank(outputs: &[Value], hit: &[Option<Value>]) -> Vec<usize> {
    let place = |(output, value): (&Value, &Option<Value>)| {
        let values = list(&output["values"]);
        let place = values.iter().position(|known| Some(known) == value.as_ref());
        place.unwrap_or(values.len())
    };
    outputs.iter().zip(hit).map(place).collect()
}

fn collect(aggregation: Option<&str>, values: Vec<Value>, hits: usize) -> Option<Value> {
    let numbers = || values.iter().filter_map(Value::as_f64);
    match aggregation {
        Some("COUNT") => Some(json!(hits)),
        Some("SUM") => Some(number(numbers().sum())),
        Some("MIN") => numbers().reduce(f64::min).map(number),
        Some("MAX") => numbers().reduce(f64::max).map(number),
        _ => Some(Value::Array(values)),
    }
}

fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers only")]
    let whole = value as i64;
    if value.fract() == 0.0 {
        json!(whole)
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

/// One of several tests, separated by commas.
fn fits(tests: &str, value: Option<&Value>, data: &Fields) -> Result<bool, String> {
    let tests = tests.trim();
    if tests.is_empty() || tests == "-" {
        return Ok(true);
    }
    if let Some(inner) = tests.strip_prefix("not(").and_then(|rest| rest.strip_suffix(')')) {
        return Ok(!fits(inner, value, data)?);
    }
    let value = value.unwrap_or(&Value::Null);
    for test in parts(tests, ',') {
        if fits_one(test.trim(), value, data)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn fits_one(test: &str, value: &Value, data: &Fields) -> Result<bool, String> {
    if let Some(other) = test.strip_prefix("!=") {
        let other = evaluate(other, data)?.unwrap_or_default();
        let is_comparable = other.is_null() || same_type(value, &other);
        return Ok(is_comparable && !same(value, &other));
    }
    if let Some(same) = test.strip_prefix('=') {
        return fits_one(same, value, data);
    }
    if let Some(date) = test.strip_prefix("date(").and_then(|rest| rest.strip_suffix(')')) {
        return fits_one(date, value, data);
    }
    for operator in ["<=", ">=", "<", ">"] {
        if let Some(bound) = test.strip_prefix(operator) {
            return Ok(evaluate(bound, data)?.is_some_and(|bound| holds(operator, value, &bound)));
        }
    }
    if let Some((low, high)) = test.split_once("..") {
        let from = if low.starts_with('[') { ">=" } else { ">" };
        let to = if high.ends_with(']') { "<=" } else { "<" };
        let (low, high) = (
            low.trim_start_matches(['[', ']', '(']),
            high.trim_end_matches(['[', ']', ')']),
        );
        let (low, high) = (evaluate(low, data)?, evaluate(high, data)?);
        return Ok(low.is_some_and(|low| holds(from, value, &low))
            && high.is_some_and(|high| holds(to, value, &high)));
    }
    Ok(evaluate(test, data)?.is_some_and(|wanted| same(value, &wanted)))
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_number() && one.as_f64() == other.as_f64())
}

fn same_type(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn holds(operator: &str, value: &Value, bound: &Value) -> bool {
    let order = match (value, bound) {
        (Value::String(value), Value::String(bound)) => Some(value.cmp(bound)),
        _ => value
            .as_f64()
            .zip(bound.as_f64())
            .and_then(|(value, bound)| value.partial_cmp(&bound)),
    };
    order.is_some_and(|order| match operator {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

/// Splits where the separator stands outside of quotes and brackets.
fn parts(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0_i32, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '(' | '{' if !quoted => depth += 1,
            ')' | '}' if !quoted => depth -= 1,
            _ if letter == separator && !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    parts
}
