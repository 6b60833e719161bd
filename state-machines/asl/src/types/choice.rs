use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, ser::SerializeMap};
use serde_json::{Map, Value};

use super::QueryLanguage;
use super::field::{PathField, Unknown, present};

/// Takes the first rule that holds, `Default` where none does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Choice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_language: Option<QueryLanguage>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub input_path: PathField,
    pub choices: Vec<ChoiceRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub output_path: PathField,
    /// Variables that are set where `Default` is taken, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<Map<String, Value>>,
    /// JSONata: what is handed on where `Default` is taken.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Value>,
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// One entry of `Choices`: JSONata's `Condition`, or a test of JSONPath.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChoiceRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<Map<String, Value>>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Value>,
    pub next: String,
    /// The test of JSONPath, and the fields that are not known.
    #[serde(flatten)]
    pub test: DataTest,
}

impl ChoiceRule {
    /// A rule of JSONata; the condition is an expression in `{% %}`.
    pub fn when(condition: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            condition: Some(Condition::Expression(condition.into())),
            next: next.into(),
            ..Self::default()
        }
    }
}

/// The `Condition` of a JSONata rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    Expression(String),
    Literal(bool),
}

/// A test of JSONPath with what stands beside it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataTest {
    pub comment: Option<String>,
    /// None where the fields are those of no test.
    pub test: Option<Test>,
    pub unknown: Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    And(Vec<DataTest>),
    Or(Vec<DataTest>),
    Not(Box<DataTest>),
    Compare {
        variable: String,
        operator: Operator,
        /// A literal or, where the operator ends in `Path`, a reference path.
        operand: Value,
    },
}

macro_rules! operators {
    ($($name:ident),* $(,)?) => {
        /// The comparisons of JSONPath.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operator { $($name),* }

        impl Operator {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }
        }
    };
}

operators!(
    StringEquals,
    StringEqualsPath,
    StringLessThan,
    StringLessThanPath,
    StringGreaterThan,
    StringGreaterThanPath,
    StringLessThanEquals,
    StringLessThanEqualsPath,
    StringGreaterThanEquals,
    StringGreaterThanEqualsPath,
    StringMatches,
    NumericEquals,
    NumericEqualsPath,
    NumericLessThan,
    NumericLessThanPath,
    NumericGreaterThan,
    NumericGreaterThanPath,
    NumericLessThanEquals,
    NumericLessThanEqualsPath,
    NumericGreaterThanEquals,
    NumericGreaterThanEqualsPath,
    BooleanEquals,
    BooleanEqualsPath,
    TimestampEquals,
    TimestampEqualsPath,
    TimestampLessThan,
    TimestampLessThanPath,
    TimestampGreaterThan,
    TimestampGreaterThanPath,
    TimestampLessThanEquals,
    TimestampLessThanEqualsPath,
    TimestampGreaterThanEquals,
    TimestampGreaterThanEqualsPath,
    IsNull,
    IsPresent,
    IsNumeric,
    IsString,
    IsBoolean,
    IsTimestamp,
);

impl Operator {
    /// Whether the operand is a path to the value to compare with.
    pub fn takes_path(self) -> bool {
        self.name().ends_with("Path")
    }

    /// Whether the operand says if the test shall hold (`IsNull` and its like).
    pub fn is_type_test(self) -> bool {
        self.name().starts_with("Is")
    }
}

impl Serialize for DataTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.test {
            Some(Test::And(tests)) => map.serialize_entry("And", tests)?,
            Some(Test::Or(tests)) => map.serialize_entry("Or", tests)?,
            Some(Test::Not(test)) => map.serialize_entry("Not", test)?,
            Some(Test::Compare {
                variable,
                operator,
                operand,
            }) => {
                map.serialize_entry("Variable", variable)?;
                map.serialize_entry(operator.name(), operand)?;
            }
            None => {}
        }
        if let Some(comment) = &self.comment {
            map.serialize_entry("Comment", comment)?;
        }
        for (name, value) in &self.unknown {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for DataTest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let comment = fields
            .shift_remove("Comment")
            .map(serde_json::from_value)
            .transpose()
            .map_err(D::Error::custom)?;
        let test = take_test(&mut fields).map_err(D::Error::custom)?;
        Ok(Self {
            comment,
            test,
            unknown: fields,
        })
    }
}

fn take_test(fields: &mut Map<String, Value>) -> Result<Option<Test>, serde_json::Error> {
    if let Some(tests) = fields.shift_remove("And") {
        return serde_json::from_value(tests).map(|tests| Some(Test::And(tests)));
    }
    if let Some(tests) = fields.shift_remove("Or") {
        return serde_json::from_value(tests).map(|tests| Some(Test::Or(tests)));
    }
    if let Some(test) = fields.shift_remove("Not") {
        return serde_json::from_value(test).map(|test| Some(Test::Not(test)));
    }
    let operator = fields.keys().find_map(|name| Operator::from_name(name));
    let (Some(operator), Some(Value::String(variable))) = (operator, fields.get("Variable")) else {
        return Ok(None);
    };
    let variable = variable.clone();
    fields.shift_remove("Variable");
    Ok(fields.shift_remove(operator.name()).map(|operand| Test::Compare {
        variable,
        operator,
        operand,
    }))
}
