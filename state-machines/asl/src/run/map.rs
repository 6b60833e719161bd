//! What is the Map's own: its items, its limits, and the run of a distributed one.

use std::sync::Arc;

use serde_json::Value;

use super::engine::Engine;
use super::failure::Failure;
use super::frame::Activity;
use super::history::EventKind;
use super::wait::plain;
use super::{Command, MapReader};
use crate::expression::StatesVariable;
use crate::machine::{Kind, MapNode, Node, Quantity};
use crate::template::{Fault, QueryKind, Template};
use crate::types::QueryLanguage;

impl Engine<'_> {
    pub(super) fn map(&mut self, id: usize, node: &Node, map: &MapNode) -> Result<(), Fault> {
        let effective = self.effective_input(id, node)?;
        let items = if map.reader.is_some() {
            None
        } else {
            Some(self.items(id, node, map, &effective)?)
        };
        let concurrency = self.max_concurrency(id, map, &effective)?;
        let length = items.as_ref().map_or(0, Vec::len);
        self.advance(id, EventKind::MapStateStarted { length });
        let count = self.tolerated_count(id, map, &effective)?;
        let percentage = self.tolerated_percentage(id, map, &effective)?;
        if map.child.is_none() {
            return self.iterate(id, map, effective, items.unwrap_or_default(), concurrency);
        }
        let items = items
            .map(|items| {
                let inputs = items.into_iter().map(Arc::new).enumerate();
                inputs
                    .map(|(index, item)| {
                        let input = self.item_input(id, map, &effective, index, &item)?;
                        Ok(Arc::unwrap_or_clone(input))
                    })
                    .collect::<Result<Vec<_>, Fault>>()
            })
            .transpose()?;
        let command = self.map_run(id, node, map, &effective, items)?;
        let token = self.execution.new_token();
        if let Some(frame) = self.execution.frame_mut(id) {
            frame.activity = Activity::MapRun {
                token: token.clone(),
                started: false,
            };
        }
        self.commands.push(command(token, concurrency, count, percentage));
        Ok(())
    }

    #[expect(clippy::type_complexity, reason = "completed where the limits are known")]
    fn map_run(
        &self,
        id: usize,
        node: &Node,
        map: &MapNode,
        effective: &Value,
        items: Option<Vec<Value>>,
    ) -> Result<impl FnOnce(String, u64, Option<u64>, Option<f64>) -> Command + use<>, Fault> {
        let evaluate = |template: &Option<Template>| {
            template
                .as_ref()
                .map(|template| self.evaluate(id, template, effective, StatesVariable::default(), None))
                .transpose()
        };
        let reader = match &map.reader {
            Some(reader) => Some(MapReader {
                resource: reader.resource.clone(),
                arguments: evaluate(&reader.arguments)?,
                config: evaluate(&reader.config)?,
            }),
            None => None,
        };
        let (batcher, writer) = (evaluate(&map.batcher)?, evaluate(&map.writer)?);
        let state = node.name.to_string();
        Ok(
            move |token, max_concurrency, tolerated_failure_count, tolerated_failure_percentage| {
                Command::StartMapRun {
                    token,
                    state,
                    items,
                    reader,
                    batcher,
                    writer,
                    max_concurrency,
                    tolerated_failure_count,
                    tolerated_failure_percentage,
                }
            },
        )
    }

    pub(super) fn items(
        &self,
        id: usize,
        node: &Node,
        map: &MapNode,
        effective: &Value,
    ) -> Result<Vec<Value>, Fault> {
        let found = match (&map.items, &map.items_path) {
            (Some(template), _) => {
                let value = self.evaluate(id, template, effective, StatesVariable::default(), None)?;
                match (value, template) {
                    (Value::Array(items), _) => return Ok(items),
                    // The entries of an object are the items of a distributed Map.
                    (Value::Object(fields), _) if map.child.is_some() => {
                        return Ok(fields
                            .into_iter()
                            .map(|(key, value)| serde_json::json!({"Key": key, "Value": value}))
                            .collect());
                    }
                    (other, Template::Query(query)) => return Err(query.wrong_type("array", &other)),
                    (other, _) => other,
                }
            }
            (None, Some(path)) => {
                let Some(scope) = self.scope(id, effective, None) else {
                    return Ok(Vec::new());
                };
                scope.find(path).map_err(|no_match| {
                    Fault::Runtime(format!("Invalid path '{}' : {no_match}", path.text()))
                })?
            }
            (None, None) => effective.clone(),
        };
        match (found, node.language, &map.items_path) {
            (Value::Array(items), ..) => Ok(items),
            (other, QueryLanguage::JSONata, _) => Err(Fault::Query {
                cause: format!("Map state input must be an array but was: {other}"),
                location: None,
            }),
            (other, QueryLanguage::JSONPath, Some(path)) => Err(Fault::Runtime(format!(
                "Reference path \"{}\" must point to array but was: {other}",
                path.text()
            ))),
            (other, QueryLanguage::JSONPath, None) => Err(Fault::Runtime(format!(
                "Map state input must be an array but was: {other}"
            ))),
        }
    }

    fn max_concurrency(&self, id: usize, map: &MapNode, input: &Value) -> Result<u64, Fault> {
        let Some(quantity) = &map.max_concurrency else {
            return Ok(0);
        };
        let value = self.quantity(id, quantity, input)?;
        // A variable may hold the number as a text.
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        if value.as_i64().is_some_and(|number| number < 0) {
            return Err(Fault::Runtime(format!(
                "Expected non-negative integer for MaxConcurrency, got '{value}' instead."
            )));
        }
        number.ok_or_else(|| match quantity {
            Quantity::Query(query) => match &query.kind {
                QueryKind::Path(path) => Fault::Runtime(format!(
                    "The MaxConcurrencyPath field refers to value \"{}\" which is not a valid integer: {}",
                    plain(&value),
                    path.text()
                )),
                _ => query.wrong_type("integer", &value),
            },
            Quantity::Literal(_) => Fault::Runtime("MaxConcurrency is not a valid integer".to_owned()),
        })
    }

    /// A number, also where it is written as a text.
    fn tolerated(&self, id: usize, quantity: Option<&Quantity>, input: &Value) -> Result<Option<f64>, Fault> {
        let Some(quantity) = quantity else { return Ok(None) };
        let value = self.quantity(id, quantity, input)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        match (number, quantity) {
            (Some(number), _) => Ok(Some(number)),
            (None, Quantity::Query(query)) => Err(match &query.kind {
                QueryKind::Path(path) => Fault::Runtime(format!(
                    "The {} field refers to value \"{}\" which is not a valid {}: {}",
                    query.field,
                    plain(&value),
                    if query.field.contains("Count") {
                        "integer"
                    } else {
                        "float"
                    },
                    path.text()
                )),
                _ => query.wrong_type("number", &value),
            }),
            (None, Quantity::Literal(_)) => Ok(None),
        }
    }

    fn tolerated_count(&self, id: usize, map: &MapNode, input: &Value) -> Result<Option<u64>, Fault> {
        match self.tolerated(id, map.tolerated_count.as_ref(), input)? {
            Some(count) if count < 0.0 => Err(Fault::Runtime(
                "ToleratedFailureCount cannot be negative.".to_owned(),
            )),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative; saturates"
            )]
            count => Ok(count.map(|count| count as u64)),
        }
    }

    fn tolerated_percentage(&self, id: usize, map: &MapNode, input: &Value) -> Result<Option<f64>, Fault> {
        match self.tolerated(id, map.tolerated_percentage.as_ref(), input)? {
            Some(percentage) if !(0.0..=100.0).contains(&percentage) => Err(Fault::Runtime(
                "ToleratedFailurePercentage must be between 0 and 100.".to_owned(),
            )),
            percentage => Ok(percentage),
        }
    }

    fn map_run_of(&self, token: &str) -> Option<usize> {
        let id = self.execution.with_token(token)?;
        let (node, _) = self.at(id)?;
        matches!(node.kind, Kind::Map(_)).then_some(id)
    }

    pub(super) fn map_run_started(&mut self, token: &str, map_run_arn: String) {
        let Some(id) = self.map_run_of(token) else { return };
        match self.execution.frame_mut(id).map(|frame| &mut frame.activity) {
            // A host that begins a run anew tells of it once more.
            Some(Activity::MapRun { started, .. }) if !*started => *started = true,
            _ => return,
        }
        self.advance(id, EventKind::MapRunStarted { map_run_arn });
    }

    pub(super) fn map_run_succeeded(&mut self, token: &str, output: Value) {
        let Some(id) = self.map_run_of(token) else { return };
        let Some(previous) = self.execution.frame(id).map(|frame| frame.previous) else {
            return;
        };
        let succeeded = self.record(previous, EventKind::MapRunSucceeded);
        self.record(succeeded, EventKind::MapStateSucceeded);
        self.worked(id, &Arc::new(output));
    }

    pub(super) fn map_run_failed(&mut self, token: &str, error: Option<String>, cause: Option<String>) {
        let Some(id) = self.map_run_of(token) else { return };
        self.advance(
            id,
            EventKind::MapRunFailed {
                error: error.clone(),
                cause: cause.clone(),
            },
        );
        self.fail(id, Failure::other(error, cause));
    }
}
