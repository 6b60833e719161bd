use std::sync::Arc;

use serde_json::Value;

use super::Timestamp;
use super::engine::Engine;
use super::evaluate::Exit;
use super::frame::Activity;
use crate::expression::StatesVariable;
use crate::machine::{Node, Quantity, WaitNode};
use crate::template::{Fault, Query, QueryKind};
use crate::types::QueryLanguage;

/// Longest a Wait may be: 99999999 seconds.
const MAX_SECONDS: f64 = 99_999_999.0;

impl Engine<'_> {
    pub(super) fn pass(&mut self, id: usize, node: &Node, result: Option<&Value>) -> Result<(), Fault> {
        let effective = self.effective_input(id, node)?;
        let made = match (result, &node.parameters) {
            (Some(result), _) if node.language == QueryLanguage::JSONPath => Some(Arc::new(result.clone())),
            (_, Some(_)) => Some(self.arguments(id, node, &effective, None)?),
            _ => None,
        };
        let exit = match (node.language, made) {
            (QueryLanguage::JSONata, _) => self.output(id, node, &effective, None)?,
            // A Pass that makes nothing still puts its input where its ResultPath says.
            (QueryLanguage::JSONPath, made) => {
                self.output(id, node, &effective, Some(made.as_ref().unwrap_or(&effective)))?
            }
        };
        self.exit(id, node, exit, node.next);
        Ok(())
    }

    pub(super) fn succeed(&mut self, id: usize, node: &Node) -> Result<(), Fault> {
        let exit = self.passed(id, node)?;
        self.exit(id, node, exit, None);
        Ok(())
    }

    /// What a state without a result of its own hands on.
    fn passed(&self, id: usize, node: &Node) -> Result<Exit, Fault> {
        let effective = self.effective_input(id, node)?;
        self.output(id, node, &effective, None)
    }

    pub(super) fn rest(&mut self, id: usize, node: &Node, wait: &WaitNode) -> Result<(), Fault> {
        let effective = self.effective_input(id, node)?;
        let until = match wait {
            WaitNode::Seconds(quantity) => {
                let seconds = self.seconds(id, quantity, &effective)?;
                self.now.plus_seconds(seconds)
            }
            WaitNode::Until(instant) => *instant,
            WaitNode::UntilQuery(query) => self.instant(id, query, &effective)?,
        };
        if let Some(frame) = self.execution.frame_mut(id) {
            frame.activity = Activity::Wait { until };
        }
        if until <= self.now {
            self.rested(id, node);
        }
        Ok(())
    }

    /// The time of a Wait has come.
    pub(super) fn rested(&mut self, id: usize, node: &Node) {
        match self.passed(id, node) {
            Ok(exit) => self.exit(id, node, exit, node.next),
            Err(fault) => self.fault(id, node, fault),
        }
    }

    fn seconds(&self, id: usize, quantity: &Quantity, input: &Value) -> Result<f64, Fault> {
        let query = match quantity {
            Quantity::Literal(seconds) => return Ok(*seconds),
            Quantity::Query(query) => query,
        };
        let path = match &query.kind {
            QueryKind::Path(path) => path.text(),
            QueryKind::Call(call) => call.text(),
            QueryKind::Expression(_) => {
                let value = self.quantity(id, quantity, input)?;
                return value
                    .as_f64()
                    .filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds) && seconds.fract() == 0.0)
                    .ok_or_else(|| query.wrong_type("integer", &value));
            }
        };
        let value = self.quantity(id, quantity, input).map_err(|_| {
            Fault::Runtime(format!(
                "The SecondsPath parameter does not reference an input value: {path}"
            ))
        })?;
        if value.as_i64().is_none() {
            return Err(Fault::Runtime(format!(
                "The SecondsPath parameter cannot be parsed as a long value: {path} == {}",
                plain(&value)
            )));
        }
        let seconds = value.as_f64().unwrap_or_default();
        if seconds < 0.0 {
            return Err(Fault::Runtime(format!(
                "The SecondsPath parameter references a negative value: {path} == {value}"
            )));
        }
        if seconds > MAX_SECONDS {
            return Err(Fault::Runtime(format!(
                "The SecondsPath parameter references a value above 99999999: {path} == {value}"
            )));
        }
        Ok(seconds)
    }

    fn instant(&self, id: usize, query: &Query, input: &Value) -> Result<Timestamp, Fault> {
        let Some(scope) = self.scope(id, input, None) else {
            return Ok(self.now);
        };
        let value = match &query.kind {
            QueryKind::Path(path) => scope.find(path).map_err(|_| {
                Fault::Runtime(format!(
                    "The TimestampPath parameter does not reference an input value: {}",
                    path.text()
                ))
            })?,
            _ => query.evaluate(&scope, StatesVariable::default())?,
        };
        let instant = value.as_str().and_then(Timestamp::parse);
        instant.ok_or_else(|| match &query.kind {
            QueryKind::Expression(_) if !value.is_string() => query.wrong_type("string", &value),
            QueryKind::Expression(_) => Fault::Query {
                cause: format!(
                    "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {}",
                    plain(&value)
                ),
                location: Some("Timestamp".to_owned()),
            },
            QueryKind::Path(path) => Fault::Runtime(format!(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == {}",
                path.text(),
                plain(&value)
            )),
            QueryKind::Call(call) => Fault::Runtime(format!("The TimestampPath parameter is no path: {}", call.text())),
        })
    }
}

/// A text without quotes, everything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
