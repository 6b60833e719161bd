//! Forms: a JSON Schema (2020-12) and the check of submitted values against it.

use jiff::Timestamp;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::{Detail, Error, Result};
use crate::id::{Key, UserId};
use crate::text::Text;

/// A form as its authors see it: the draft, and which version is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Form {
    pub key: Key,
    pub name: Text,
    /// JSON Schema 2020-12 of the values; an object at the top.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// The newest published version; none while it is only a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    pub updated_by: UserId,
    /// Counts the changes; the `ETag`.
    pub revision: u64,
}

/// A published form. Never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormVersion {
    pub key: Key,
    pub version: u32,
    pub name: Text,
    #[schema(value_type = Object)]
    pub schema: Value,
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    pub published_by: UserId,
}

/// A schema made ready to check values.
#[derive(Debug)]
pub struct FormValidator(Validator);

impl FormValidator {
    /// Checks the schema itself. `pointer` says where in the request it stands.
    pub fn new(schema: &Value, pointer: &str) -> Result<Self> {
        if !schema.is_object() || schema.get("type").and_then(Value::as_str) != Some("object") {
            let message = Text::new(
                "A form's schema describes an object: give it \"type\": \"object\".",
                "表单的 JSON Schema 必须描述一个对象，请写明 \"type\": \"object\"。",
            );
            return Err(Error::invalid(format!("{pointer}/type"), "type", message));
        }
        let faults: Vec<Detail> = jsonschema::draft202012::meta::validator()
            .iter_errors(schema)
            .map(|fault| detail(&fault, pointer))
            .collect();
        if !faults.is_empty() {
            return Err(Error::Validation(faults));
        }
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            // Linear in the input, unlike backtracking: a form's author cannot stall those who fill it.
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .build(schema)
            .map(Self)
            .map_err(|fault| Error::Validation(vec![detail(&fault, pointer)]))
    }

    /// Every way in which the values break the form. `pointer` says where in the request they stand.
    pub fn check(&self, values: &Value, pointer: &str) -> Vec<Detail> {
        let mut faults: Vec<Detail> = self
            .0
            .iter_errors(values)
            .flat_map(|fault| details(&fault, pointer))
            .collect();
        faults.extend(
            values
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(name, _)| name_fault(name, pointer)),
        );
        faults.sort_by(|a, b| (&a.pointer, &a.code).cmp(&(&b.pointer, &b.code)));
        faults
    }
}

/// A field's name is stored as a name, which has its limits.
fn name_fault(name: &str, pointer: &str) -> Option<Detail> {
    let message = || {
        Text::new(
            "A field's name has 1 to 255 bytes.",
            "字段名须为 1 到 255 个字节。",
        )
    };
    let sound = (1..=255).contains(&name.len());
    (!sound).then(|| Detail::new(format!("{pointer}/{}", escape(name)), "propertyNames", message()))
}

/// An unknown or missing field is pointed at itself, not at the object that lacks it.
fn details(fault: &jsonschema::ValidationError<'_>, pointer: &str) -> Vec<Detail> {
    let at = format!("{pointer}{}", fault.instance_path().as_str());
    match fault.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let message = Text::new("The form has no such field.", "表单没有此字段。");
                Detail::new(format!("{at}/{}", escape(name)), "additionalProperties", message)
            })
            .collect(),
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let message = Text::new("This field is required.", "此字段必填。");
            vec![Detail::new(format!("{at}/{}", escape(name)), "required", message)]
        }
        _ => vec![detail(fault, pointer)],
    }
}

fn detail(fault: &jsonschema::ValidationError<'_>, pointer: &str) -> Detail {
    let keyword = fault.kind().keyword().to_owned();
    let zh = match keyword.as_str() {
        "type" => "值的类型不对。",
        "minimum" | "exclusiveMinimum" => "数值太小。",
        "maximum" | "exclusiveMaximum" => "数值太大。",
        "minLength" => "文字太短。",
        "maxLength" => "文字太长。",
        "minItems" => "条目太少。",
        "maxItems" => "条目太多。",
        "enum" | "const" => "不是可选的值。",
        "pattern" | "format" => "格式不对。",
        "multipleOf" => "不是规定的倍数。",
        "uniqueItems" => "条目有重复。",
        _ => "不符合表单的规则。",
    };
    let at = format!("{pointer}{}", fault.instance_path().as_str());
    Detail::new(at, &keyword, Text::new(fault.to_string(), zh))
}

/// A member's name as one token of an RFC 6901 pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, values: Value) -> Vec<(String, String)> {
        let faults = match FormValidator::new(&schema, "/schema") {
            Ok(form) => form.check(&values, "/values"),
            Err(error) => error.details().to_vec(),
        };
        faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect()
    }

    fn found(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect()
    }

    #[test]
    fn every_fault_is_told_with_its_pointer() {
        let schema = json!({"type": "object", "required": ["amount", "a/b"], "additionalProperties": false,
            "properties": {"amount": {"type": "number", "minimum": 1}, "a/b": {}, "when": {"type": "string", "format": "date"}}});
        let values = json!({"amount": -1, "more": 1, "when": "soon"});
        let faults = check(schema, values);
        let expected = [
            ("/values/amount", "minimum"),
            ("/values/a~1b", "required"),
            ("/values/more", "additionalProperties"),
            ("/values/when", "format"),
        ];
        assert_eq!(faults, found(&expected));
    }

    #[test]
    fn a_field_without_a_name_cannot_be_stored() {
        let schema = json!({"type": "object"});
        let long = "x".repeat(256);
        assert_eq!(
            check(schema.clone(), json!({"": 1})),
            found(&[("/values/", "propertyNames")])
        );
        assert_eq!(
            check(schema, json!({&long: 1})),
            found(&[(&format!("/values/{long}"), "propertyNames")])
        );
    }

    #[test]
    fn a_schema_that_is_none_is_refused() {
        for (schema, expected) in [
            (
                json!({"type": "object", "properties": {"a": {"type": "nought"}}}),
                ("/schema/properties/a/type", "anyOf"),
            ),
            (json!({"type": "string"}), ("/schema/type", "type")),
            (json!([]), ("/schema/type", "type")),
            (
                json!({"type": "object", "properties": {"a": {"pattern": "("}}}),
                ("/schema/properties/a/pattern", "format"),
            ),
        ] {
            assert_eq!(check(schema.clone(), json!({})), found(&[expected]), "{schema}");
        }
    }

    #[test]
    fn a_schema_never_reaches_for_the_network() {
        let schema = json!({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}});
        assert!(FormValidator::new(&schema, "/schema").is_err());
    }
}
