//! What is each type of state's own.

use std::sync::Arc;

use serde_json::Value;

use super::super::{
    ChoiceNode, Condition, FailNode, Kind, MapNode, Operand, Quantity, Reader, Resource, Rule, TaskNode,
    WaitNode,
};
use super::{Build, Place, whole};
use crate::diagnostic::join;
use crate::expression::delimited;
use crate::run::Timestamp;
use crate::template::{Query, Template};
use crate::types::{self, Amount, DataTest, ProcessorMode, QueryLanguage, State, Test};
impl Build {
    pub(super) fn kind(&mut self, state: &State, place: &Place<'_>, machine: QueryLanguage) -> Kind {
        match state {
            State::Pass(state) => Kind::Pass(state.result.clone()),
            State::Task(state) => Kind::Task(self.task(state, place)),
            State::Choice(state) => Kind::Choice(self.choice(state, place)),
            State::Wait(state) => Kind::Wait(self.wait(state, place)),
            State::Succeed(_) => Kind::Succeed,
            State::Fail(state) => Kind::Fail(FailNode {
                error: self.text(
                    state.error.as_deref(),
                    "Error",
                    state.error_path.as_deref(),
                    place,
                ),
                cause: self.text(
                    state.cause.as_deref(),
                    "Cause",
                    state.cause_path.as_deref(),
                    place,
                ),
            }),
            State::Parallel(state) => Kind::Parallel(
                state
                    .branches
                    .iter()
                    .enumerate()
                    .map(|(index, branch)| {
                        let pointer = format!("{}/Branches/{index}", place.pointer);
                        let language = branch.query_language.unwrap_or(machine);
                        self.scope(&pointer, &branch.start_at, &branch.states, language)
                    })
                    .collect(),
            ),
            State::Map(state) => Kind::Map(Box::new(self.map(state, place, machine))),
        }
    }

    fn text(
        &mut self,
        literal: Option<&str>,
        field: &str,
        path: Option<&str>,
        place: &Place<'_>,
    ) -> Option<Template> {
        if let Some(path) = path {
            let field = format!("{field}Path");
            return match Query::parse(path, field.clone(), QueryLanguage::JSONPath) {
                Ok(query) => Some(Template::Query(Box::new(query))),
                Err(problem) => {
                    self.problem(join(&place.pointer, &field), problem);
                    None
                }
            };
        }
        self.template(literal.map(Value::from).as_ref(), field, place)
    }

    fn task(&mut self, state: &types::Task, place: &Place<'_>) -> TaskNode {
        TaskNode {
            resource: Resource::parse(&state.resource),
            credentials: self.template(state.credentials.as_ref(), "Credentials", place),
            timeout: self.quantity(
                state.timeout_seconds.as_ref(),
                "TimeoutSeconds",
                state.timeout_seconds_path.as_deref(),
                place,
            ),
            heartbeat: self.quantity(
                state.heartbeat_seconds.as_ref(),
                "HeartbeatSeconds",
                state.heartbeat_seconds_path.as_deref(),
                place,
            ),
        }
    }

    fn quantity(
        &mut self,
        literal: Option<&Amount>,
        field: &str,
        path: Option<&str>,
        place: &Place<'_>,
    ) -> Option<Quantity> {
        let parsed = match (literal, path) {
            (_, Some(path)) => Query::parse(path, format!("{field}Path"), QueryLanguage::JSONPath),
            (Some(Amount::Literal(number)), None) => {
                return Some(Quantity::Literal(number.as_f64().unwrap_or_default()));
            }
            (Some(Amount::Expression(text)), None) if delimited(text).is_some() => {
                Query::parse(text, field.to_owned(), QueryLanguage::JSONata)
            }
            (Some(Amount::Expression(_)), None) => Err("the value is not a number".to_owned()),
            (None, None) => return None,
        };
        match parsed {
            Ok(query) => Some(Quantity::Query(Box::new(query))),
            Err(problem) => {
                self.problem(join(&place.pointer, field), problem);
                None
            }
        }
    }

    fn wait(&mut self, state: &types::Wait, place: &Place<'_>) -> WaitNode {
        if let Some(seconds) = self.quantity(
            state.seconds.as_ref(),
            "Seconds",
            state.seconds_path.as_deref(),
            place,
        ) {
            return WaitNode::Seconds(seconds);
        }
        let query = match (&state.timestamp, &state.timestamp_path) {
            (_, Some(path)) => Query::parse(path, "TimestampPath".to_owned(), QueryLanguage::JSONPath),
            (Some(text), None) if delimited(text).is_some() => {
                Query::parse(text, "Timestamp".to_owned(), QueryLanguage::JSONata)
            }
            (Some(text), None) => match Timestamp::parse(text) {
                Some(instant) => return WaitNode::Until(instant),
                None => Err("the value is no RFC 3339 timestamp".to_owned()),
            },
            (None, None) => Err("one of Seconds and Timestamp is required".to_owned()),
        };
        match query {
            Ok(query) => WaitNode::UntilQuery(Box::new(query)),
            Err(problem) => {
                self.problem(place.pointer.clone(), problem);
                WaitNode::Seconds(Quantity::Literal(0.0))
            }
        }
    }

    fn choice(&mut self, state: &types::Choice, place: &Place<'_>) -> ChoiceNode {
        let mut rules = Vec::new();
        for (index, rule) in state.choices.iter().enumerate() {
            let rule_place = Place {
                pointer: format!("{}/Choices/{index}", place.pointer),
                language: place.language,
                names: place.names,
            };
            let condition = self.condition(rule, index, &rule_place);
            rules.push(Rule {
                condition,
                assign: self.assign(rule.assign.as_ref(), "Assign", &rule_place),
                output: self.template(rule.output.as_ref(), "Output", &rule_place),
                next: self.target(&rule.next, &join(&rule_place.pointer, "Next"), &rule_place),
            });
        }
        let default = state
            .default
            .as_ref()
            .map(|default| self.target(default, &join(&place.pointer, "Default"), place));
        ChoiceNode { rules, default }
    }

    fn condition(&mut self, rule: &types::ChoiceRule, index: usize, place: &Place<'_>) -> Condition {
        match &rule.condition {
            Some(types::Condition::Literal(holds)) => Condition::Literal(*holds),
            Some(types::Condition::Expression(text)) => {
                let field = format!("Choices[{index}]/Condition");
                match Query::parse(text, field, QueryLanguage::JSONata) {
                    Ok(query) => Condition::Query(query),
                    Err(problem) => {
                        self.problem(join(&place.pointer, "Condition"), problem);
                        Condition::Literal(false)
                    }
                }
            }
            None => self.test(&rule.test, &place.pointer),
        }
    }

    fn test(&mut self, test: &DataTest, pointer: &str) -> Condition {
        match &test.test {
            Some(Test::And(tests)) => Condition::And(self.tests(tests, &join(pointer, "And"))),
            Some(Test::Or(tests)) => Condition::Or(self.tests(tests, &join(pointer, "Or"))),
            Some(Test::Not(test)) => Condition::Not(Box::new(self.test(test, &join(pointer, "Not")))),
            Some(Test::Compare {
                variable,
                operator,
                operand,
            }) => {
                let Some(variable) = self.path(variable, join(pointer, "Variable")) else {
                    return Condition::Literal(false);
                };
                let operand = match operand {
                    Value::String(text) if operator.takes_path() => {
                        self.path(text, join(pointer, operator.name())).map(Operand::Path)
                    }
                    literal => Some(Operand::Literal(literal.clone())),
                };
                operand.map_or(Condition::Literal(false), |operand| Condition::Compare {
                    variable,
                    operator: *operator,
                    operand,
                })
            }
            None => {
                self.problem(pointer.to_owned(), "the rule tests nothing");
                Condition::Literal(false)
            }
        }
    }

    fn tests(&mut self, tests: &[DataTest], pointer: &str) -> Vec<Condition> {
        tests
            .iter()
            .enumerate()
            .map(|(index, test)| self.test(test, &format!("{pointer}/{index}")))
            .collect()
    }

    fn map(&mut self, state: &types::Map, place: &Place<'_>, machine: QueryLanguage) -> MapNode {
        let mut node = MapNode {
            start: 0,
            child: None,
            items: self.template(state.items.as_ref(), "Items", place),
            items_path: state
                .items_path
                .as_ref()
                .and_then(|text| self.path(text, join(&place.pointer, "ItemsPath"))),
            selector: self
                .template(state.item_selector.as_ref(), "ItemSelector", place)
                .or_else(|| self.template(state.parameters.as_ref(), "Parameters", place)),
            max_concurrency: self.quantity(
                state.max_concurrency.as_ref(),
                "MaxConcurrency",
                state.max_concurrency_path.as_deref(),
                place,
            ),
            tolerated_count: self.quantity(
                state.tolerated_failure_count.as_ref(),
                "ToleratedFailureCount",
                state.tolerated_failure_count_path.as_deref(),
                place,
            ),
            tolerated_percentage: self.quantity(
                state.tolerated_failure_percentage.as_ref(),
                "ToleratedFailurePercentage",
                state.tolerated_failure_percentage_path.as_deref(),
                place,
            ),
            reader: state.item_reader.as_ref().map(|reader| Reader {
                resource: reader.resource.clone(),
                arguments: self.template(
                    reader.arguments.as_ref().or(reader.parameters.as_ref()),
                    "ItemReader",
                    place,
                ),
                config: self.reader_config(reader.reader_config.as_ref(), place),
            }),
            batcher: self.batcher(state.item_batcher.as_ref(), place),
            writer: self.template(
                whole(state.result_writer.as_ref()).as_ref(),
                "ResultWriter",
                place,
            ),
        };
        let Some(processor) = state.processor() else {
            self.problem(place.pointer.clone(), "ItemProcessor is required");
            return node;
        };
        let field = if state.item_processor.is_some() {
            "ItemProcessor"
        } else {
            "Iterator"
        };
        let pointer = join(&place.pointer, field);
        let language = processor.query_language.unwrap_or(machine);
        let mode = processor.processor_config.as_ref().and_then(|config| config.mode);
        if mode == Some(ProcessorMode::Distributed) {
            let mut child = Self::default();
            let start = child.scope(&pointer, &processor.start_at, &processor.states, language);
            self.problems.append(&mut child.problems);
            node.child = child.finish(start, None).ok().map(Arc::new);
        } else {
            node.start = self.scope(&pointer, &processor.start_at, &processor.states, language);
        }
        node
    }

    /// `MaxItemsPerBatchPath` computes `MaxItemsPerBatch`, and so do its like.
    fn batcher(&mut self, batcher: Option<&types::ItemBatcher>, place: &Place<'_>) -> Option<Template> {
        let mut batcher = whole(batcher)?;
        for name in ["MaxItemsPerBatch", "MaxInputBytesPerBatch"] {
            if let Some(fields) = batcher.as_object_mut()
                && let Some(path) = fields.shift_remove(&format!("{name}Path"))
            {
                fields.insert(format!("{name}.$"), path);
            }
        }
        self.template(Some(&batcher), "ItemBatcher", place)
    }

    /// `MaxItemsPath` computes `MaxItems`.
    fn reader_config(&mut self, config: Option<&Value>, place: &Place<'_>) -> Option<Template> {
        let mut config = config?.clone();
        if let Some(fields) = config.as_object_mut()
            && let Some(path) = fields.shift_remove("MaxItemsPath")
        {
            fields.insert("MaxItems.$".to_owned(), path);
        }
        self.template(Some(&config), "ItemReader/ReaderConfig", place)
    }
}
