use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Function, NoMatch, Path, Step};

/// What one evaluation may look at. Filters within filters and `..` after `..` multiply, and no path may hang.
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(2_000_000))
    }
}

impl Budget {
    fn spend(&self, steps: usize) -> bool {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

impl Path {
    /// What the path finds in its root: the value, or for an indefinite path the array of all that it finds.
    pub fn find<'a>(&self, root: &'a Value) -> Result<Cow<'a, Value>, NoMatch> {
        self.find_within(root, &Budget::default())
    }

    pub(super) fn find_within<'a>(
        &self,
        root: &'a Value,
        budget: &Budget,
    ) -> Result<Cow<'a, Value>, NoMatch> {
        if self.definite {
            return self.find_one(root);
        }
        let mut found = vec![root];
        for step in &self.steps {
            if let Step::Function(function) = step {
                let list = Value::Array(found.into_iter().cloned().collect());
                return apply(*function, &list)
                    .map(Cow::Owned)
                    .ok_or_else(|| self.nothing());
            }
            let mut next = Vec::new();
            for node in found {
                let before = next.len();
                step.select(node, root, &mut next, budget);
                if !budget.spend(1 + next.len() - before) {
                    return Err(NoMatch("The path looks at too many values".to_owned()));
                }
            }
            found = next;
        }
        Ok(Cow::Owned(Value::Array(found.into_iter().cloned().collect())))
    }

    fn find_one<'a>(&self, root: &'a Value) -> Result<Cow<'a, Value>, NoMatch> {
        let mut node = root;
        for (position, step) in self.steps.iter().enumerate() {
            let next = match step {
                Step::Property(name) => node.as_object().and_then(|fields| field(fields, name)),
                Step::Index(index) => node.as_array().and_then(|items| at(items, *index)),
                Step::Function(function) => {
                    return apply(*function, node)
                        .map(Cow::Owned)
                        .ok_or_else(|| self.nothing());
                }
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => return Err(self.stopped(position, node)),
            }
        }
        Ok(Cow::Borrowed(node))
    }

    fn nothing(&self) -> NoMatch {
        NoMatch(format!(
            "No results for path: {}",
            self.canonical(self.steps.len())
        ))
    }

    /// The library's words depend on what stood in the way.
    fn stopped(&self, position: usize, node: &Value) -> NoMatch {
        let here = self.canonical(position);
        let last = position + 1 == self.steps.len();
        match (self.steps.get(position), node) {
            (Some(Step::Property(_)), Value::Object(_)) if !last => NoMatch(format!(
                "Missing property in path {}",
                self.canonical(position + 1)
            )),
            (Some(Step::Property(_)), Value::Object(_)) => self.nothing(),
            (Some(Step::Property(name)), Value::Null) => NoMatch(format!(
                "Expected to find an object with property ['{name}'] in path {here} but found 'null'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."
            )),
            (Some(Step::Property(name)), other) => NoMatch(format!(
                "Expected to find an object with property ['{name}'] in path {here} but found '{}'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
                java_class(other)
            )),
            (Some(Step::Index(_)), Value::Array(_)) => {
                NoMatch(format!("No results for path: {}", self.canonical(position + 1)))
            }
            (Some(Step::Index(index)), _) => NoMatch(format!(
                "Filter: [{index}] can only be applied to arrays. Current context is: {node}"
            )),
            _ => self.nothing(),
        }
    }

    /// The path in bracket notation, as far as it was walked.
    fn canonical(&self, steps: usize) -> String {
        let mut text = String::from("$");
        for step in self.steps.iter().take(steps) {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Property(name) => write!(text, "['{name}']"),
                Step::Index(index) => write!(text, "[{index}]"),
                Step::Wildcard => write!(text, "[*]"),
                _ => write!(text, "[…]"),
            };
        }
        text
    }
}

impl Step {
    fn select<'a>(&self, node: &'a Value, root: &Value, found: &mut Vec<&'a Value>, budget: &Budget) {
        match (self, node) {
            (Self::Property(name), Value::Object(fields)) => found.extend(fields.get(name)),
            // What follows `..` or `[*]` looks into every array on the way.
            (Self::Properties(names), Value::Object(fields)) => {
                found.extend(names.iter().filter_map(|name| fields.get(name)));
            }
            (Self::Index(index), Value::Array(items)) => found.extend(at(items, *index)),
            (Self::Indexes(indexes), Value::Array(items)) => {
                found.extend(indexes.iter().filter_map(|index| at(items, *index)));
            }
            (Self::Slice(start, end), Value::Array(items)) => found.extend(slice(items, *start, *end)),
            (Self::Wildcard, Value::Array(items)) => found.extend(items),
            (Self::Wildcard, Value::Object(fields)) => found.extend(fields.values()),
            (Self::Descend, _) => descend(node, found),
            (Self::Filter(filter), Value::Array(items)) => {
                found.extend(items.iter().filter(|item| filter.holds(item, root, budget)));
            }
            (Self::Filter(filter), Value::Object(_)) if filter.holds(node, root, budget) => found.push(node),
            _ => {}
        }
    }
}

/// In a small object, looking at each name takes less than hashing one.
fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    const SMALL: usize = 8;
    if fields.len() > SMALL {
        return fields.get(name);
    }
    fields
        .iter()
        .find_map(|(known, value)| (known == name).then_some(value))
}

fn at(items: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 {
        index.checked_add(i64::try_from(items.len()).ok()?)?
    } else {
        index
    };
    items.get(usize::try_from(index).ok()?)
}

fn slice(items: &[Value], start: Option<i64>, end: Option<i64>) -> &[Value] {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |bound: i64| {
        let from_front = if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        };
        usize::try_from(from_front.clamp(0, length)).unwrap_or(0)
    };
    let start = place(start.unwrap_or(0));
    let end = place(end.unwrap_or(length));
    items.get(start..end).unwrap_or_default()
}

fn descend<'a>(node: &'a Value, found: &mut Vec<&'a Value>) {
    // Without recursion: the depth of data is the data's.
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        found.push(node);
        match node {
            Value::Array(items) => open.extend(items.iter().rev()),
            Value::Object(fields) => open.extend(fields.values().rev()),
            _ => {}
        }
    }
}

fn apply(function: Function, node: &Value) -> Option<Value> {
    let items = match (function, node) {
        (Function::Length, Value::String(text)) => return Some(text.chars().count().into()),
        (Function::Length, Value::Object(fields)) => return Some(fields.len().into()),
        (Function::Keys, Value::Object(fields)) => {
            return Some(fields.keys().map(String::as_str).collect());
        }
        (_, Value::Array(items)) => items,
        _ => return None,
    };
    let numbers = items.iter().filter_map(Value::as_f64);
    let number = match function {
        Function::Length => return Some(items.len().into()),
        Function::Keys => return None,
        Function::Min => numbers.reduce(f64::min)?,
        Function::Max => numbers.reduce(f64::max)?,
        Function::Sum => numbers.sum(),
        Function::Avg => {
            let (sum, count) = numbers.fold((0.0, 0_u32), |(sum, count), n| (sum + n, count + 1));
            sum / f64::from(count)
        }
    };
    serde_json::Number::from_f64(number).map(Value::Number)
}

fn java_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "com.fasterxml.jackson.databind.node.BooleanNode",
        Value::Number(number) if number.is_f64() => "com.fasterxml.jackson.databind.node.DoubleNode",
        Value::Number(_) => "com.fasterxml.jackson.databind.node.IntNode",
        Value::String(_) => "com.fasterxml.jackson.databind.node.TextNode",
        Value::Array(_) => "com.fasterxml.jackson.databind.node.ArrayNode",
        Value::Object(_) => "com.fasterxml.jackson.databind.node.ObjectNode",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::path::Path;

    #[test]
    fn no_path_hangs() {
        let mut deep = json!([1, 2, 3]);
        for _ in 0..60 {
            deep = json!([deep, 1]);
        }
        assert!(find("$..*..*..*..*..*..*", &deep).is_err());
        assert!(find("$..[?(@..[?(@..[?(@..x)])])]", &deep).is_err());
    }

    fn find(path: &str, root: &Value) -> Result<Value, String> {
        let path = Path::parse(path).unwrap();
        path.find(root)
            .map(|found| found.into_owned())
            .map_err(|error| error.0)
    }

    #[test]
    fn a_definite_path_gives_the_value_and_others_an_array() {
        let root = json!({"a": {"b": [1, 2, 3]}, "l": [{"x": 1, "k": "p"}, {"x": 2}, {"y": 3}]});
        for (path, expected) in [
            ("$.a.b[1]", json!(2)),
            ("$.a.b[-1]", json!(3)),
            ("$.a.b[0:2]", json!([1, 2])),
            ("$.a.b[1:]", json!([2, 3])),
            ("$.a.b[-2:]", json!([2, 3])),
            ("$.a.b[0,2]", json!([1, 3])),
            ("$.l[*].x", json!([1, 2])),
            ("$..x", json!([1, 2])),
            ("$.l[?(@.x == 2)]", json!([{"x": 2}])),
            ("$.l[?(@.x > 0 && @.k == 'p')].x", json!([1])),
            ("$.l[?(!(@.x))]", json!([{"y": 3}])),
            ("$.l[?(@.x in [1,7])].x", json!([1])),
            ("$.a.b.length()", json!(3)),
            ("$.nope[*]", json!([])),
            ("$.nope.x[1:5].y", json!([])),
            ("$.nope", json!("No results for path: $['nope']")),
            ("$.a.nope.b", json!("Missing property in path $['a']['nope']")),
        ] {
            let found = find(path, &root).unwrap_or_else(Value::String);
            assert_eq!(found, expected, "{path}");
        }
    }
}
