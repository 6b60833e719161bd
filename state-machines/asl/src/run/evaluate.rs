//! From input to output: what JSONPath and JSONata do to the data of a state.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::{Value, json};

use super::engine::Engine;
use crate::expression::StatesVariable;
use crate::machine::{Catch, Node, Quantity, ResultPath, Selection};
use crate::path::Path;
use crate::scope::{ContextObject, Scope};
use crate::template::{Fault, QueryKind, Template};
use crate::types::QueryLanguage;
use crate::value::within_limits;

/// What a state hands on.
pub(super) struct Exit {
    pub(super) output: Arc<Value>,
    pub(super) assigned: Vec<(String, Arc<Value>)>,
}

impl Engine<'_> {
    /// What expressions see in a frame. `token` is that of a task about to be scheduled.
    pub(super) fn scope<'s>(
        &'s self,
        id: usize,
        input: &'s Value,
        token: Option<&'s str>,
    ) -> Option<Scope<'s>> {
        let (node, frame) = self.at(id)?;
        let mut variables = Vec::new();
        let mut item = None;
        let mut around = Some(frame);
        while let Some(frame) = around {
            if !frame.variables.is_empty() {
                variables.push(&frame.variables);
            }
            if item.is_none() {
                item = frame.item.as_deref().map(|value| (frame.index, value));
            }
            around = frame.parent.and_then(|parent| self.execution.frame(parent));
        }
        Some(Scope {
            input,
            context: ContextObject {
                execution: &self.execution.context,
                execution_input: &self.execution.input,
                state: self.execution.shown_state.unwrap_or(&node.name),
                entered: frame.entered_at,
                retry_count: node.kind.can_retry().then_some(frame.retry_count),
                token,
                item,
                fixed: self.execution.fixed_context.as_ref(),
                built: OnceCell::new(),
            },
            variables,
            entropy: &self.execution.entropy,
            now: self.now,
        })
    }

    /// The input after `InputPath`.
    pub(super) fn effective_input(&self, id: usize, node: &Node) -> Result<Arc<Value>, Fault> {
        let Some(frame) = self.execution.frame(id) else {
            return Ok(Arc::new(Value::Null));
        };
        self.select(id, &node.input_path, &frame.input)
    }

    fn select(&self, id: usize, selection: &Selection, data: &Arc<Value>) -> Result<Arc<Value>, Fault> {
        match selection {
            Selection::Whole => Ok(Arc::clone(data)),
            Selection::Nothing => Ok(Arc::new(json!({}))),
            Selection::Path(path) => {
                let scope = self.scope(id, data, None);
                let found = scope.map_or(Ok(Value::Null), |scope| invalid_path(&scope, path));
                found.map(Arc::new)
            }
        }
    }

    /// Evaluates a template over a frame's data.
    pub(super) fn evaluate(
        &self,
        id: usize,
        template: &Template,
        input: &Value,
        states: StatesVariable<'_>,
        token: Option<&str>,
    ) -> Result<Value, Fault> {
        let scope = self.scope(id, input, token);
        scope.map_or(Ok(Value::Null), |scope| template.evaluate(&scope, states))
    }

    /// The input after `InputPath` and `Parameters`, or after `Arguments`.
    pub(super) fn arguments(
        &self,
        id: usize,
        node: &Node,
        effective: &Arc<Value>,
        token: Option<&str>,
    ) -> Result<Arc<Value>, Fault> {
        match &node.parameters {
            None => Ok(Arc::clone(effective)),
            Some(template) => self
                .evaluate(id, template, effective, StatesVariable::default(), token)
                .map(Arc::new),
        }
    }

    /// A quantity; the field's words where it is not what it should be are the caller's.
    pub(super) fn quantity(&self, id: usize, quantity: &Quantity, input: &Value) -> Result<Value, Fault> {
        match quantity {
            Quantity::Literal(number) => Ok(crate::value::number(*number)),
            Quantity::Query(query) => {
                let scope = self.scope(id, input, None);
                scope.map_or(Ok(Value::Null), |scope| match &query.kind {
                    QueryKind::Path(path) => invalid_path(&scope, path),
                    _ => query.evaluate(&scope, StatesVariable::default()),
                })
            }
        }
    }

    /// What a state that did its work hands on. Without a result, the input goes through.
    pub(super) fn output(
        &self,
        id: usize,
        node: &Node,
        effective: &Arc<Value>,
        result: Option<&Arc<Value>>,
    ) -> Result<Exit, Fault> {
        let exit = match node.language {
            QueryLanguage::JSONata => self.output_jsonata(id, node, result),
            QueryLanguage::JSONPath => self.output_json_path(id, node, effective, result),
        }?;
        self.check_size(id, node, &exit)?;
        Ok(exit)
    }

    /// Data that only passed through was measured when it was made.
    fn check_size(&self, id: usize, node: &Node, exit: &Exit) -> Result<(), Fault> {
        let passed = self
            .execution
            .frame(id)
            .is_some_and(|frame| Arc::ptr_eq(&frame.input, &exit.output));
        let fits = |value: &Value| within_limits(value);
        if (passed || fits(&exit.output)) && exit.assigned.iter().all(|(_, value)| fits(value)) {
            return Ok(());
        }
        Err(Fault::Named {
            error: "States.DataLimitExceeded",
            cause: format!(
                "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
                node.name
            ),
        })
    }

    fn output_jsonata(&self, id: usize, node: &Node, result: Option<&Arc<Value>>) -> Result<Exit, Fault> {
        let Some(frame) = self.execution.frame(id) else {
            return Ok(Exit {
                output: Arc::new(Value::Null),
                assigned: Vec::new(),
            });
        };
        let states = StatesVariable {
            result: result.map(Arc::as_ref),
            error_output: None,
        };
        let assigned = self.assigned(id, &node.assign, &frame.input, states)?;
        let output = match &node.output {
            Some(template) => Arc::new(self.evaluate(id, template, &frame.input, states, None)?),
            None => Arc::clone(result.unwrap_or(&frame.input)),
        };
        Ok(Exit { output, assigned })
    }

    fn output_json_path(
        &self,
        id: usize,
        node: &Node,
        effective: &Arc<Value>,
        result: Option<&Arc<Value>>,
    ) -> Result<Exit, Fault> {
        let raw = self
            .execution
            .frame(id)
            .map_or_else(|| Arc::clone(effective), |frame| Arc::clone(&frame.input));
        let selected = match (&node.result_selector, result) {
            (Some(selector), Some(result)) => Some(Arc::new(self.evaluate(
                id,
                selector,
                result,
                StatesVariable::default(),
                None,
            )?)),
            (_, result) => result.map(Arc::clone),
        };
        let data = selected.as_ref().unwrap_or(effective);
        let assigned = self.assigned(id, &node.assign, data, StatesVariable::default())?;
        let combined = if selected.is_some() {
            combine(&raw, data, &node.result_path)?
        } else {
            Arc::clone(data)
        };
        let output = self.select(id, &node.output_path, &combined)?;
        Ok(Exit { output, assigned })
    }

    pub(super) fn assigned(
        &self,
        id: usize,
        assign: &[(String, Template)],
        input: &Value,
        states: StatesVariable<'_>,
    ) -> Result<Vec<(String, Arc<Value>)>, Fault> {
        assign
            .iter()
            .map(|(name, template)| {
                let value = self.evaluate(id, template, input, states, None)?;
                Ok((name.clone(), Arc::new(value)))
            })
            .collect()
    }

    /// What a catcher hands on.
    pub(super) fn caught(&self, id: usize, node: &Node, catch: &Catch, error: Value) -> Result<Exit, Fault> {
        let Some(frame) = self.execution.frame(id) else {
            return Ok(Exit {
                output: Arc::new(error),
                assigned: Vec::new(),
            });
        };
        let error = Arc::new(error);
        match node.language {
            QueryLanguage::JSONata => {
                let states = StatesVariable {
                    result: None,
                    error_output: Some(&error),
                };
                let assigned = self.assigned(id, &catch.assign, &frame.input, states)?;
                let output = match &catch.output {
                    Some(template) => Arc::new(self.evaluate(id, template, &frame.input, states, None)?),
                    None => Arc::clone(&error),
                };
                Ok(Exit { output, assigned })
            }
            QueryLanguage::JSONPath => {
                let assigned = self.assigned(id, &catch.assign, &error, StatesVariable::default())?;
                let output = combine(&frame.input, &error, &catch.result_path)?;
                Ok(Exit { output, assigned })
            }
        }
    }
}

/// Finds a path, with the words that AWS has for `InputPath`, `OutputPath` and the fields that end in `Path`.
fn invalid_path(scope: &Scope<'_>, path: &Path) -> Result<Value, Fault> {
    scope
        .find(path)
        .map_err(|no_match| Fault::Runtime(format!("Invalid path '{}' : {no_match}", path.text())))
}

/// Puts a result where `ResultPath` says.
pub(super) fn combine(raw: &Arc<Value>, result: &Arc<Value>, path: &ResultPath) -> Result<Arc<Value>, Fault> {
    match path {
        ResultPath::Whole => Ok(Arc::clone(result)),
        ResultPath::Discard => Ok(Arc::clone(raw)),
        ResultPath::Path(path) => path
            .set((**raw).clone(), (**result).clone())
            .map(Arc::new)
            .map_err(|_| Fault::Named {
                error: "States.ResultPathMatchFailure",
                cause: format!("Unable to apply ResultPath '{}' to input '{raw}'", path.text()),
            }),
    }
}
