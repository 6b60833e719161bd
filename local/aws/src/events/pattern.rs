//! Event patterns: which events a rule wants.

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::AwsError;

/// A pattern that was checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern(Node);

#[derive(Debug, Clone, PartialEq)]
struct Node {
    members: Vec<(String, Want)>,
    /// Of each list, one must match.
    any: Vec<Vec<Node>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Want {
    Node(Node),
    /// One of these.
    Tests(Vec<Test>),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Equals(Value),
    EqualsIgnoringCase(String),
    Prefix(String, bool),
    Suffix(String, bool),
    Wildcard(String),
    Exists(bool),
    Numeric(Vec<(String, f64)>),
    Cidr(IpAddr, u8),
    Not(Vec<Test>),
}

fn invalid(reason: impl std::fmt::Display) -> AwsError {
    AwsError::sender(
        "InvalidEventPatternException",
        format!("Event pattern is not valid. Reason: {reason}"),
    )
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, AwsError> {
        let value: Value = serde_json::from_str(text).map_err(invalid)?;
        let members = value
            .as_object()
            .ok_or_else(|| invalid("Filter is not an object"))?;
        Ok(Self(node(members)?))
    }

    pub(crate) fn matches(&self, event: &Value) -> bool {
        node_matches(&self.0, event)
    }
}

fn node(members: &Map<String, Value>) -> Result<Node, AwsError> {
    if members.is_empty() {
        return Err(invalid("Empty objects are not allowed"));
    }
    let mut parsed = Node {
        members: Vec::new(),
        any: Vec::new(),
    };
    for (name, value) in members {
        match value {
            Value::Array(list) if name == "$or" => {
                let nodes = list.iter().map(|value| {
                    node(
                        value
                            .as_object()
                            .ok_or_else(|| invalid("$or is a list of objects"))?,
                    )
                });
                parsed.any.push(nodes.collect::<Result<_, _>>()?);
            }
            Value::Object(members) => parsed.members.push((name.clone(), Want::Node(node(members)?))),
            Value::Array(list) if list.is_empty() => return Err(invalid("Empty arrays are not allowed")),
            Value::Array(list) => {
                let tests = list.iter().map(test).collect::<Result<_, _>>()?;
                parsed.members.push((name.clone(), Want::Tests(tests)));
            }
            _ => return Err(invalid(format!("\"{name}\" must be an object or an array"))),
        }
    }
    Ok(parsed)
}

fn test(value: &Value) -> Result<Test, AwsError> {
    let members = match value {
        Value::Object(members) => members,
        Value::Array(_) => {
            return Err(invalid(
                "Match value must be String, number, true, false, or null",
            ));
        }
        plain => return Ok(Test::Equals(plain.clone())),
    };
    let mut members = members.iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return Err(invalid("Only one key allowed in match expression"));
    };
    let text = || {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| invalid(format!("{name} match pattern must be a string")))
    };
    Ok(match name.as_str() {
        "prefix" => affix(value, Test::Prefix)?,
        "suffix" => affix(value, Test::Suffix)?,
        "equals-ignore-case" => Test::EqualsIgnoringCase(text()?.to_lowercase()),
        "wildcard" => {
            let text = text()?;
            if text.contains("**") {
                return Err(invalid("Consecutive wildcard characters are not allowed"));
            }
            Test::Wildcard(text)
        }
        "exists" => Test::Exists(
            value
                .as_bool()
                .ok_or_else(|| invalid("exists match pattern must be either true or false."))?,
        ),
        "numeric" => Test::Numeric(numeric(value)?),
        "cidr" => cidr(&text()?)?,
        "anything-but" => Test::Not(anything_but(value)?),
        other => return Err(invalid(format!("Unrecognized match type {other}"))),
    })
}

fn affix(value: &Value, make: fn(String, bool) -> Test) -> Result<Test, AwsError> {
    if let Some(text) = value.get("equals-ignore-case").and_then(Value::as_str) {
        return Ok(make(text.to_lowercase(), true));
    }
    let text = value
        .as_str()
        .ok_or_else(|| invalid("prefix and suffix match patterns must be strings"))?;
    Ok(make(text.to_owned(), false))
}

fn numeric(value: &Value) -> Result<Vec<(String, f64)>, AwsError> {
    let list = value
        .as_array()
        .filter(|list| !list.is_empty() && list.len() % 2 == 0);
    let list = list.ok_or_else(|| invalid("Value of numeric must be an array of operators and numbers."))?;
    let pairs = list.chunks(2).map(|pair| match pair {
        [Value::String(operator), Value::Number(number)]
            if ["=", "<", "<=", ">", ">="].contains(&operator.as_str()) =>
        {
            Ok((operator.clone(), number.as_f64().unwrap_or(f64::NAN)))
        }
        _ => Err(invalid("Unrecognized numeric range operator")),
    });
    pairs.collect()
}

fn cidr(text: &str) -> Result<Test, AwsError> {
    let parse = || {
        let (address, bits) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Test::Cidr(address, bits))
    };
    parse().ok_or_else(|| invalid("Malformed CIDR, one '/' required"))
}

/// A value, a list of values, or one of the tests of texts, which may have a list, too.
fn anything_but(value: &Value) -> Result<Vec<Test>, AwsError> {
    match value {
        Value::Array(list) if list.is_empty() => Err(invalid("Anything-but list must not be empty")),
        Value::Array(list) => list.iter().map(test).collect(),
        Value::Object(members) => {
            let mut tests = Vec::new();
            for (name, value) in members {
                let values = match value {
                    Value::Array(list) => list.clone(),
                    one => vec![one.clone()],
                };
                for value in values {
                    tests.push(test(&serde_json::json!({ name: value }))?);
                }
            }
            Ok(tests)
        }
        plain => Ok(vec![Test::Equals(plain.clone())]),
    }
}

fn node_matches(node: &Node, event: &Value) -> bool {
    // In a list of objects, one must match.
    if let Value::Array(list) = event {
        return list.iter().any(|one| node_matches(node, one));
    }
    let members = node.members.iter().all(|(name, want)| {
        let value = event.get(name);
        match want {
            Want::Node(node) => match value {
                Some(value) => node_matches(node, value),
                None => only_absence(node),
            },
            Want::Tests(tests) => tests.iter().any(|test| value_matches(test, value)),
        }
    });
    members
        && node
            .any
            .iter()
            .all(|nodes| nodes.iter().any(|node| node_matches(node, event)))
}

/// Whether nothing at all is what the node wants.
fn only_absence(node: &Node) -> bool {
    node.any.is_empty()
        && node.members.iter().all(|(_, want)| match want {
            Want::Node(node) => only_absence(node),
            Want::Tests(tests) => tests.contains(&Test::Exists(false)),
        })
}

fn value_matches(test: &Test, value: Option<&Value>) -> bool {
    match (test, value) {
        // Objects are no leaves: nothing is there at this place.
        (Test::Exists(wanted), value) => *wanted == value.is_some_and(|value| !value.is_object()),
        (_, None) => false,
        (Test::Not(tests), Some(Value::Array(list))) => list
            .iter()
            .any(|one| !tests.iter().any(|test| leaf_matches(test, one))),
        (_, Some(Value::Array(list))) => list.iter().any(|one| leaf_matches(test, one)),
        (_, Some(value)) => leaf_matches(test, value),
    }
}

fn leaf_matches(test: &Test, value: &Value) -> bool {
    let text = value.as_str();
    let cased = |lower: bool, check: &dyn Fn(&str) -> bool| match (text, lower) {
        (Some(text), true) => check(&text.to_lowercase()),
        (Some(text), false) => check(text),
        (None, _) => false,
    };
    match test {
        Test::Equals(Value::Number(wanted)) => value
            .as_f64()
            .is_some_and(|number| Some(number) == wanted.as_f64()),
        Test::Equals(wanted) => wanted == value,
        Test::EqualsIgnoringCase(wanted) => cased(true, &|text| text == wanted),
        Test::Prefix(prefix, lower) => cased(*lower, &|text| text.starts_with(prefix)),
        Test::Suffix(suffix, lower) => cased(*lower, &|text| text.ends_with(suffix)),
        Test::Wildcard(pattern) => cased(false, &|text| wildcard(pattern, text)),
        Test::Exists(wanted) => *wanted,
        Test::Numeric(pairs) => value.as_f64().is_some_and(|number| {
            pairs.iter().all(|(operator, bound)| match operator.as_str() {
                "=" => number == *bound,
                "<" => number < *bound,
                "<=" => number <= *bound,
                ">" => number > *bound,
                _ => number >= *bound,
            })
        }),
        Test::Cidr(network, bits) => text
            .and_then(|text| text.parse().ok())
            .is_some_and(|address| within(address, *network, *bits)),
        Test::Not(tests) => !tests.iter().any(|test| leaf_matches(test, value)),
    }
}

/// `*` stands for anything, `\*` and `\\` for themselves.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = vec![String::new()];
    let mut letters = pattern.chars();
    while let Some(c) = letters.next() {
        let last = parts.last_mut();
        match (c, last) {
            ('*', _) => parts.push(String::new()),
            ('\\', Some(last)) => last.extend(letters.next()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    let Some(mut left) = text
        .strip_prefix(first.as_str())
        .and_then(|left| left.strip_suffix(last.as_str()))
    else {
        return false;
    };
    for part in middle {
        match left.split_once(part.as_str()) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    true
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    let same = address.is_ipv4() == network.is_ipv4();
    let differing = number(address) ^ number(network);
    same && (bits == 0 || differing.leading_zeros() >= u32::from(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each case: a pattern, an event, whether they match.
    #[test]
    fn patterns_match_as_on_aws() {
        let cases = include_str!("patterns.txt");
        let mut count = 0;
        for line in cases
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        {
            let parts: Vec<&str> = line.splitn(3, " | ").collect();
            let [expected, pattern, event] = parts[..] else {
                panic!("{line}")
            };
            let event = serde_json::from_str(event).unwrap();
            let result = match Pattern::parse(pattern) {
                Ok(pattern) => {
                    if pattern.matches(&event) {
                        "yes"
                    } else {
                        "no"
                    }
                }
                Err(_) => "invalid",
            };
            assert_eq!(result, expected.trim(), "{line}");
            count += 1;
        }
        assert!(count > 50);
    }
}
