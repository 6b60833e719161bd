//! What services answer, as far as this crate knows, so that a mocked result of the wrong shape is refused.

use serde_json::Value;

use super::ApiError;

enum Shape {
    Text { least: usize },
    OneOf(&'static [&'static str]),
    Number { least: f64, most: f64 },
    Bool,
    List(&'static Shape),
    Object(&'static [(&'static str, bool, Shape)]),
}

const TEXT: Shape = Shape::Text { least: 0 };
const NUMBER: Shape = Shape::Number {
    least: f64::NEG_INFINITY,
    most: f64::INFINITY,
};

/// By the end of the resource's ARN. The flag says whether an answer always has the field.
const ANSWERS: &[(&str, Shape)] = &[
    (
        "states:startExecution",
        Shape::Object(&[("ExecutionArn", true, TEXT), ("StartDate", true, TEXT)]),
    ),
    ("events:putEvents", EVENTS),
    ("aws-sdk:eventbridge:putEvents", EVENTS),
    (
        "aws-sdk:kms:encrypt",
        Shape::Object(&[
            ("CiphertextBlob", false, Shape::Text { least: 1 }),
            ("KeyId", false, Shape::Text { least: 1 }),
            ("EncryptionAlgorithm", false, TEXT),
        ]),
    ),
    (
        "aws-sdk:lambda:getFunction",
        Shape::Object(&[(
            "Configuration",
            false,
            Shape::Object(&[
                ("FunctionName", false, TEXT),
                ("FunctionArn", false, TEXT),
                ("Handler", false, TEXT),
                ("Role", false, TEXT),
                ("CodeSize", false, NUMBER),
                (
                    "Timeout",
                    false,
                    Shape::Number {
                        least: 1.0,
                        most: f64::INFINITY,
                    },
                ),
                (
                    "MemorySize",
                    false,
                    Shape::Number {
                        least: 128.0,
                        most: 10_240.0,
                    },
                ),
            ]),
        )]),
    ),
    (
        "aws-sdk:s3:getObject",
        Shape::Object(&[
            ("ContentLength", false, NUMBER),
            ("ContentType", false, TEXT),
            ("ETag", false, TEXT),
            ("DeleteMarker", false, Shape::Bool),
            ("StorageClass", false, Shape::OneOf(STORAGE)),
        ]),
    ),
    (
        "sqs:sendMessage",
        Shape::Object(&[("MessageId", false, TEXT), ("MD5OfMessageBody", false, TEXT)]),
    ),
    (
        "sns:publish",
        Shape::Object(&[("MessageId", false, TEXT), ("SequenceNumber", false, TEXT)]),
    ),
];

const EVENTS: Shape = Shape::Object(&[
    ("FailedEntryCount", false, NUMBER),
    (
        "Entries",
        false,
        Shape::List(&Shape::Object(&[
            ("EventId", false, TEXT),
            ("ErrorCode", false, TEXT),
            ("ErrorMessage", false, TEXT),
        ])),
    ),
]);

const STORAGE: &[&str] = &[
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
];

/// `STRICT` wants the required fields too, `PRESENT` looks at those that are there, `NONE` at nothing.
pub(super) fn check(resource: &str, result: &Value, mode: &str) -> Result<(), ApiError> {
    if mode == "NONE" {
        return Ok(());
    }
    let action = resource.split(":states:::").nth(1).unwrap_or_default();
    let action = action.strip_suffix(".waitForTaskToken").unwrap_or(action);
    match ANSWERS.iter().find(|(known, _)| *known == action) {
        Some((_, shape)) => shape.check("result", result, mode == "STRICT"),
        None => Ok(()),
    }
}

impl Shape {
    fn check(&self, field: &str, value: &Value, strict: bool) -> Result<(), ApiError> {
        let refuse = |what: &str| {
            Err(ApiError::validation(format!(
                "Mock result schema validation error: Field '{field}' {what}"
            )))
        };
        match (self, value) {
            (Self::Text { least }, Value::String(text)) if text.len() < *least => {
                refuse("is smaller than the minimum length")
            }
            (Self::OneOf(values), Value::String(text)) if !values.contains(&text.as_str()) => {
                refuse("is not an expected value")
            }
            (Self::Text { .. } | Self::OneOf(_), Value::String(_)) | (Self::Bool, Value::Bool(_)) => Ok(()),
            (Self::Text { .. } | Self::OneOf(_), _) => refuse("must be a string"),
            (Self::Bool, _) => refuse("must be a boolean"),
            (Self::Number { least, most }, Value::Number(number)) => {
                let number = number.as_f64().unwrap_or_default();
                if number < *least {
                    refuse("is less than the minimum value")
                } else if number > *most {
                    refuse("exceeds the maximum value")
                } else {
                    Ok(())
                }
            }
            (Self::Number { .. }, _) => refuse("must be a number"),
            (Self::List(item), Value::Array(items)) => items
                .iter()
                .try_for_each(|value| item.check(field, value, strict)),
            (Self::List(_), _) => refuse("must be an array"),
            (Self::Object(fields), Value::Object(values)) => {
                for (name, required, shape) in *fields {
                    match values.get(*name) {
                        Some(value) => shape.check(name, value, strict)?,
                        None if *required && strict => {
                            return Err(ApiError::validation(format!(
                                "Mock result schema validation error: Required field '{name}' is missing"
                            )));
                        }
                        None => {}
                    }
                }
                Ok(())
            }
            (Self::Object(_), _) => refuse("must be an object"),
        }
    }
}
