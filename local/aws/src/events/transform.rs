//! What a target gets of an event: all of it, a part, or a text made of parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::targets::Target;
use crate::AwsError;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transformer {
    #[serde(default)]
    input_paths_map: BTreeMap<String, String>,
    input_template: String,
}

pub(super) fn check(transformer: &Transformer) -> Result<(), AwsError> {
    for name in names(&transformer.input_template) {
        if !transformer.input_paths_map.contains_key(name) && !name.starts_with("aws.events.") {
            return Err(AwsError::validation(format!(
                "Invalid InputTemplate: the placeholder <{name}> is not in InputPathsMap."
            )));
        }
    }
    Ok(())
}

/// What is between `<` and `>`.
fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('<').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('>')?;
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        (!name.is_empty() && letters).then_some(name)
    })
}

pub(super) fn payload(target: &Target, event: &Value, rule_arn: &str, rule: &str) -> String {
    if let Some(input) = &target.input {
        return input.clone();
    }
    if let Some(path) = &target.input_path {
        return at(event, path).map_or_else(|| "null".to_owned(), Value::to_string);
    }
    match &target.input_transformer {
        Some(transformer) => transformed(transformer, event, rule_arn, rule),
        None => event.to_string(),
    }
}

fn transformed(transformer: &Transformer, event: &Value, rule_arn: &str, rule: &str) -> String {
    let template = &transformer.input_template;
    // In an object a text needs its quotes, unless the template has them; in a text it has none.
    let object = template.trim_start().starts_with(['{', '[']);
    let mut result = String::with_capacity(template.len());
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        result.push_str(before);
        let name = names(rest)
            .next()
            .filter(|name| after.starts_with(&format!("{name}>")));
        let Some(name) = name else {
            result.push('<');
            rest = after;
            continue;
        };
        let value = match name {
            "aws.events.rule-arn" => Some(Value::from(rule_arn)),
            "aws.events.rule-name" => Some(Value::from(rule)),
            "aws.events.event.json" => Some(event.clone()),
            "aws.events.event.ingestion-time" => event.get("time").cloned(),
            _ => transformer
                .input_paths_map
                .get(name)
                .and_then(|path| at(event, path))
                .cloned(),
        };
        let quoted = inside_quotes(&result);
        match value {
            Some(Value::String(text)) if quoted || !object => {
                let text = Value::String(text).to_string();
                let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                result.push_str(inside.unwrap_or_default());
            }
            Some(value) => result.push_str(&value.to_string()),
            None if quoted || !object => {}
            None => result.push_str("null"),
        }
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    result.push_str(rest);
    result
}

/// Whether a quote is still open at the end of a text.
fn inside_quotes(text: &str) -> bool {
    let mut open = false;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => open = !open,
            _ => {}
        }
    }
    open
}

/// The paths that EventBridge takes: `$.detail.items[0].name`.
fn at<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    let mut value = event;
    for part in path.strip_prefix('$')?.split('.').filter(|part| !part.is_empty()) {
        let mut parts = part.split('[');
        let name = parts.next().unwrap_or_default();
        if !name.is_empty() {
            value = value.get(name)?;
        }
        for index in parts {
            value = value.get(index.strip_suffix(']')?.parse::<usize>().ok()?)?;
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_template(template: &str, expected: &str) {
        let transformer = Transformer {
            input_paths_map: [
                ("who", "$.detail.who"),
                ("n", "$.detail.list[1]"),
                ("none", "$.nothing"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
            input_template: template.to_owned(),
        };
        check(&transformer).unwrap();
        let event = json!({ "time": "now", "detail": { "who": "A \"B\"", "list": [1, 2] } });
        assert_eq!(transformed(&transformer, &event, "arn", "rule"), expected);
    }

    #[test]
    fn templates_are_filled_as_aws_does() {
        check_template("\"<who> has <n>\"", "\"A \\\"B\\\" has 2\"");
        check_template(
            "{\"who\": <who>, \"n\": <n>, \"x\": <none>}",
            "{\"who\": \"A \\\"B\\\"\", \"n\": 2, \"x\": null}",
        );
        check_template(
            "{\"text\": \"of <who>, <n> < 3\"}",
            "{\"text\": \"of A \\\"B\\\", 2 < 3\"}",
        );
        check_template("\"<aws.events.rule-name>\"", "\"rule\"");
    }
}
