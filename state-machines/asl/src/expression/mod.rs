//! JSONata, fenced to what Step Functions runs.

mod convert;
mod functions;
mod profile;

use std::collections::BTreeSet;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde_json::Value;

pub(crate) use profile::ProfileError;

use crate::scope::Scope;

/// What an evaluation may cost: an expression is not a program, and none may hang the host.
const MAX_MILLISECONDS: u64 = 2_000;
const MAX_STACK: usize = 500;
const MAX_SEQUENCE: usize = 1_000_000;
/// Longest expression that is parsed.
const MAX_SOURCE: usize = 100_000;

/// An expression, parsed and checked when a machine is resolved.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    source: String,
    ast: AstNode,
    /// Variables that it reads and does not itself bind, without the dollar sign.
    free: BTreeSet<String>,
    /// Fields of `$states` that it reads; `None` where it takes the whole.
    states: Option<BTreeSet<String>>,
}

/// Why an expression gives no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpressionError {
    Undefined,
    /// With JSONata's code in front.
    Threw(String),
    /// A function or a regular expression is no JSON.
    NotJson,
}

/// What `$states` holds beside the context.
#[derive(Clone, Copy, Default)]
pub(crate) struct StatesVariable<'a> {
    pub(crate) result: Option<&'a Value>,
    pub(crate) error_output: Option<&'a Value>,
}

/// The expression within `{% %}`; `None` where the text is none.
pub(crate) fn delimited(text: &str) -> Option<&str> {
    text.strip_prefix("{%")?.strip_suffix("%}").map(str::trim)
}

impl Expression {
    pub(crate) fn parse(source: &str) -> Result<Self, ProfileError> {
        if source.len() > MAX_SOURCE {
            return Err(ProfileError::new("the expression is too long"));
        }
        let ast =
            jsonata_core::parser::parse(source).map_err(|error| ProfileError::new(error.to_string()))?;
        let uses = profile::inspect(&ast)?;
        Ok(Self {
            source: source.to_owned(),
            ast,
            free: uses.free,
            states: uses.states,
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Variables that it reads and does not itself bind, without the dollar sign.
    pub(crate) fn free_variables(&self) -> impl Iterator<Item = &str> {
        self.free.iter().map(String::as_str)
    }

    /// The fields of `$states` that it names.
    pub(crate) fn states_fields(&self) -> Option<&BTreeSet<String>> {
        self.states.as_ref()
    }

    pub(crate) fn evaluate(
        &self,
        scope: &Scope<'_>,
        states: StatesVariable<'_>,
    ) -> Result<Value, ExpressionError> {
        let mut bindings = Context::new();
        let mut wanted = Vec::new();
        for name in &self.free {
            if name == "states" {
                bindings.bind(name.clone(), self.states_value(scope, states));
            } else if let Some(value) = scope.variable(name) {
                bindings.bind(name.clone(), convert::to_jsonata(value));
            } else {
                wanted.push(name.as_str());
            }
        }
        let options = EvaluatorOptions {
            timeout_ms: Some(MAX_MILLISECONDS),
            max_stack_depth: Some(MAX_STACK),
            max_sequence_length: Some(MAX_SEQUENCE),
            ..EvaluatorOptions::default()
        };
        let mut evaluator = Evaluator::with_options(bindings, options);
        for name in wanted {
            functions::register(&mut evaluator, name, scope);
        }
        let value = evaluator
            .evaluate(&self.ast, &JValue::Undefined)
            .map_err(|error| ExpressionError::Threw(in_reference_words(error.message())))?;
        convert::from_jsonata(&value)
    }

    fn states_value(&self, scope: &Scope<'_>, states: StatesVariable<'_>) -> JValue {
        let wants = |field: &str| self.states.as_ref().is_none_or(|fields| fields.contains(field));
        let mut object = indexmap::IndexMap::new();
        let mut put = |field: &str, value: Option<&Value>| {
            if let Some(value) = value.filter(|_| wants(field)) {
                object.insert(field.to_owned(), convert::to_jsonata(value));
            }
        };
        put("input", Some(scope.input));
        if wants("context") {
            put("context", Some(scope.context.get()));
        }
        put("result", states.result);
        put("errorOutput", states.error_output);
        JValue::object(object)
    }
}

/// The library adds the name of what is no function; JSONata 2.0.6 does not.
fn in_reference_words(message: &str) -> String {
    const NO_FUNCTION: &str = "T1006: Attempted to invoke a non-function";
    if message.starts_with(NO_FUNCTION) {
        NO_FUNCTION.to_owned()
    } else {
        message.to_owned()
    }
}
