//! The values of an input that its cells tell apart, one for each.

use serde_json::Value;

use crate::condition::Facts;
use crate::decision::unary::{Bound, Cell, Constant, Test, json_number};

/// A value that stands for all that the cells of its column take alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) value: Value,
    /// Of a type that the column asks about; the others are only possible.
    pub(super) expected: bool,
}

/// What the cells of a column mention.
#[derive(Default)]
struct Mentioned {
    numbers: Vec<f64>,
    texts: Vec<String>,
    ordered_texts: bool,
    boolean: bool,
    null: bool,
}

pub(super) fn samples(cells: &[&Cell], facts: &Facts) -> Vec<Sample> {
    let mentioned = Mentioned::by(cells);
    let mut samples = Vec::new();
    let mut add = |expected: bool, values: Vec<Value>| {
        samples.extend(values.into_iter().map(|value| Sample { value, expected }));
    };
    if facts.number {
        add(!mentioned.numbers.is_empty(), numbers(&mentioned.numbers, facts));
    }
    if facts.string {
        add(!mentioned.texts.is_empty(), texts(&mentioned));
    }
    if facts.boolean {
        add(mentioned.boolean, vec![Value::Bool(true), Value::Bool(false)]);
    }
    if let Some(values) = &facts.values {
        samples.retain(|sample| values.contains(&sample.value));
        for value in values.iter().filter(|value| !value.is_null()) {
            if !samples.iter().any(|sample| sample.value == *value) {
                samples.push(Sample {
                    expected: mentioned.asks_about(value),
                    value: value.clone(),
                });
            }
        }
    } else if facts.other {
        samples.push(Sample {
            value: Value::Array(Vec::new()),
            expected: false,
        });
    }
    if facts.null {
        samples.push(Sample {
            value: Value::Null,
            expected: mentioned.null,
        });
    }
    // A column that asks nothing takes everything.
    if cells.iter().all(|cell| cell.tests().is_empty()) {
        samples.iter_mut().for_each(|sample| sample.expected = true);
    }
    samples
}

impl Mentioned {
    fn by(cells: &[&Cell]) -> Self {
        let mut mentioned = Self::default();
        for test in cells.iter().flat_map(|cell| cell.tests()) {
            match test {
                Test::Is(constant) | Test::IsNot(constant) => mentioned.constant(constant),
                Test::Order(_, bound) => mentioned.order(bound),
                Test::Between(low, high) => {
                    mentioned.order(&low.bound);
                    mentioned.order(&high.bound);
                }
            }
        }
        mentioned.numbers.sort_by(f64::total_cmp);
        mentioned
            .texts
            .sort_by(|one, other| one.encode_utf16().cmp(other.encode_utf16()));
        mentioned.texts.dedup();
        mentioned
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Null => self.null = true,
            Constant::Bool(_) => self.boolean = true,
            Constant::Of(bound) => self.bound(bound),
        }
    }

    fn order(&mut self, bound: &Bound) {
        self.ordered_texts |= matches!(bound, Bound::Text(_));
        self.bound(bound);
    }

    fn bound(&mut self, bound: &Bound) {
        match bound {
            Bound::Number(number) => self.numbers.push(*number),
            Bound::Text(text) => self.texts.push(text.clone()),
        }
    }

    fn asks_about(&self, value: &Value) -> bool {
        match value {
            Value::Number(_) => !self.numbers.is_empty(),
            Value::String(_) => !self.texts.is_empty(),
            Value::Bool(_) => self.boolean,
            _ => false,
        }
    }
}

/// The bounds, and a number on either side of each.
fn numbers(bounds: &[f64], facts: &Facts) -> Vec<Value> {
    let mut found = Vec::new();
    let limits = facts.low.iter().chain(&facts.high).map(|(limit, _)| limit);
    let mut bounds: Vec<f64> = bounds.iter().chain(limits).copied().collect();
    if bounds.is_empty() {
        bounds.push(0.0);
    }
    bounds.sort_by(f64::total_cmp);
    for (i, bound) in bounds.iter().enumerate() {
        found.extend([
            *bound,
            bound.floor() - 1.0,
            bound.ceil() - 1.0,
            bound.floor(),
            bound.ceil(),
        ]);
        found.extend([bound.floor() + 1.0, bound.ceil() + 1.0]);
        if let Some(next) = bounds.get(i + 1) {
            found.push(f64::midpoint(*bound, *next));
        }
    }
    found.retain(|number| facts.allows(*number) && (!facts.integer || number.fract() == 0.0));
    found.sort_by(f64::total_cmp);
    found.dedup();
    found.into_iter().map(json_number).collect()
}

fn texts(mentioned: &Mentioned) -> Vec<Value> {
    let texts = &mentioned.texts;
    let mut found = texts.clone();
    if mentioned.ordered_texts {
        found.push(String::new());
        for text in texts {
            // The next strings in the order, the one that is better to read first.
            found.extend([format!("{text} "), format!("{text}\0")]);
        }
    } else {
        let mut other = "other".to_owned();
        while texts.contains(&other) {
            other.push('…');
        }
        found.push(other);
    }
    found.into_iter().map(Value::from).collect()
}
