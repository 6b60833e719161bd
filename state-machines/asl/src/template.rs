//! Templates: JSON in which some values are computed. In JSONPath those whose name ends in `.$`, in JSONata the
//! texts in `{% %}`.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::expression::{Expression, ExpressionError, StatesVariable, delimited};
use crate::intrinsic::Call;
use crate::path::Path;
use crate::scope::Scope;
use crate::types::QueryLanguage;

#[derive(Debug, Clone)]
pub(crate) enum Template {
    Literal(Value),
    Object(Fields),
    Array(Vec<Template>),
    Query(Box<Query>),
}

/// The fields of an object, with the object that they fill: copying it costs no hashing of names.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    empty: Map<String, Value>,
    values: Vec<Template>,
}

impl Fields {
    fn new(fields: IndexMap<String, Template>) -> Self {
        Self {
            empty: fields.keys().map(|name| (name.clone(), Value::Null)).collect(),
            values: fields.into_values().collect(),
        }
    }

    pub(crate) fn into_pairs(self) -> Vec<(String, Template)> {
        self.empty
            .into_iter()
            .map(|(name, _)| name)
            .zip(self.values)
            .collect()
    }
}

/// One computed value, with the name by which AWS calls it in messages.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) field: String,
    pub(crate) kind: QueryKind,
}

#[derive(Debug, Clone)]
pub(crate) enum QueryKind {
    Path(Path),
    Call(Call),
    Expression(Expression),
}

/// Why something could not be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// In JSONPath: ends the execution with `States.Runtime`, and no catcher helps.
    Runtime(String),
    /// In JSONata: `States.QueryEvaluationError`, which can be caught.
    Query { cause: String, location: Option<String> },
    /// An error with a name of its own.
    Named { error: &'static str, cause: String },
}

impl Query {
    pub(crate) fn parse(text: &str, field: String, language: QueryLanguage) -> Result<Self, String> {
        let kind = match language {
            QueryLanguage::JSONata => Expression::parse(delimited(text).unwrap_or(text))
                .map(QueryKind::Expression)
                .map_err(|error| error.to_string())?,
            QueryLanguage::JSONPath if text.starts_with('$') => Path::parse(text)
                .map(QueryKind::Path)
                .map_err(|error| error.to_string())?,
            QueryLanguage::JSONPath => Call::parse(text)
                .map(QueryKind::Call)
                .map_err(|error| error.to_string())?,
        };
        Ok(Self { field, kind })
    }

    pub(crate) fn evaluate(&self, scope: &Scope<'_>, states: StatesVariable<'_>) -> Result<Value, Fault> {
        match &self.kind {
            QueryKind::Path(path) => scope.find(path).map_err(|_| {
                Fault::Runtime(format!(
                    "The JSONPath '{}' specified for the field '{}' could not be found in the input '{}'",
                    path.text(),
                    self.field,
                    scope.root(path)
                ))
            }),
            QueryKind::Call(call) => call.evaluate(scope).map_err(Fault::Runtime),
            QueryKind::Expression(expression) => expression
                .evaluate(scope, states)
                .map_err(|error| self.expression_fault(expression, error)),
        }
    }

    fn expression_fault(&self, expression: &Expression, error: ExpressionError) -> Fault {
        let what = match error {
            ExpressionError::Undefined => "returned nothing (undefined).".to_owned(),
            ExpressionError::NotJson => "returned an unsupported result type.".to_owned(),
            ExpressionError::Threw(message) => format!("threw an error during evaluation. {message}"),
        };
        self.fault(expression, &what)
    }

    /// A fault in the words of AWS about this field's expression.
    pub(crate) fn fault(&self, expression: &Expression, what: &str) -> Fault {
        Fault::Query {
            cause: format!(
                "The JSONata expression '{}' specified for the field '{}' {what}",
                expression.source(),
                self.field
            ),
            location: Some(self.field.clone()),
        }
    }

    /// The fault for a value of the wrong type.
    pub(crate) fn wrong_type(&self, expected: &str, found: &Value) -> Fault {
        let what = format!(
            "returned an unexpected result type. Expected '{expected}', but was '{}' for value: {found}",
            crate::value::type_name(found)
        );
        match &self.kind {
            QueryKind::Expression(expression) => self.fault(expression, &what),
            QueryKind::Path(path) => Fault::Runtime(format!("The field '{}' {what}", path.text())),
            QueryKind::Call(call) => Fault::Runtime(format!("The function '{}' {what}", call.text())),
        }
    }
}

impl Template {
    /// Reads a template. `field` is the name of the whole in messages; problems are told with the pointer of
    /// the value below `field`.
    pub(crate) fn parse(
        value: &Value,
        field: &str,
        language: QueryLanguage,
        problems: &mut dyn FnMut(&str, String),
    ) -> Self {
        let parsed = match language {
            QueryLanguage::JSONPath => json_path(value, field, problems),
            QueryLanguage::JSONata => jsonata(value, field, problems),
        };
        parsed.folded()
    }

    /// A part without queries is one literal, so that it is copied as one.
    fn folded(self) -> Self {
        match self {
            Self::Object(fields)
                if fields
                    .values
                    .iter()
                    .all(|value| matches!(value, Self::Literal(_))) =>
            {
                let pairs = fields.into_pairs().into_iter();
                Self::Literal(
                    pairs
                        .filter_map(|(name, value)| value.literal().map(|value| (name, value)))
                        .collect(),
                )
            }
            Self::Array(items) if items.iter().all(|item| matches!(item, Self::Literal(_))) => {
                Self::Literal(items.into_iter().filter_map(Self::literal).collect())
            }
            other => other,
        }
    }

    fn literal(self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn evaluate(&self, scope: &Scope<'_>, states: StatesVariable<'_>) -> Result<Value, Fault> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Query(query) => query.evaluate(scope, states)?,
            Self::Array(items) => items
                .iter()
                .map(|item| item.evaluate(scope, states))
                .collect::<Result<_, _>>()?,
            Self::Object(fields) => {
                let mut object = fields.empty.clone();
                for (slot, value) in object.values_mut().zip(&fields.values) {
                    *slot = value.evaluate(scope, states)?;
                }
                Value::Object(object)
            }
        })
    }
}

fn json_path(value: &Value, field: &str, problems: &mut dyn FnMut(&str, String)) -> Template {
    match value {
        Value::Object(fields) => Template::Object(Fields::new(
            fields
                .iter()
                .map(|(name, value)| match (name.strip_suffix(".$"), value) {
                    (Some(short), Value::String(text)) => {
                        let query = Query::parse(text, name.clone(), QueryLanguage::JSONPath);
                        let template = query.map_or_else(
                            |problem| {
                                problems(&crate::diagnostic::join(field, name), problem);
                                Template::Literal(value.clone())
                            },
                            |query| Template::Query(Box::new(query)),
                        );
                        (short.to_owned(), template)
                    }
                    (Some(_), _) => {
                        problems(
                            &crate::diagnostic::join(field, name),
                            "the value is not a text".to_owned(),
                        );
                        (name.clone(), Template::Literal(value.clone()))
                    }
                    (None, _) => {
                        let below = crate::diagnostic::join(field, name);
                        (name.clone(), json_path(value, &below, problems).folded())
                    }
                })
                .collect(),
        )),
        Value::Array(items) => Template::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| json_path(item, &format!("{field}/{index}"), problems).folded())
                .collect(),
        ),
        other => Template::Literal(other.clone()),
    }
}

fn jsonata(value: &Value, field: &str, problems: &mut dyn FnMut(&str, String)) -> Template {
    match value {
        Value::String(text) if delimited(text).is_some() => {
            match Query::parse(text, field.to_owned(), QueryLanguage::JSONata) {
                Ok(query) => Template::Query(Box::new(query)),
                Err(problem) => {
                    problems(field, problem);
                    Template::Literal(value.clone())
                }
            }
        }
        Value::Object(fields) => Template::Object(Fields::new(
            fields
                .iter()
                .map(|(name, value)| {
                    let below = crate::diagnostic::join(field, name);
                    (name.clone(), jsonata(value, &below, problems).folded())
                })
                .collect(),
        )),
        Value::Array(items) => Template::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| jsonata(item, &format!("{field}/{index}"), problems).folded())
                .collect(),
        ),
        other => Template::Literal(other.clone()),
    }
}
