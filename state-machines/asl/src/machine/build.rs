use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map as Object, Value};

use super::{
    Catch, ChoiceNode, Condition, FailNode, Kind, Machine, MapNode, Node, Operand, Quantity, Reader,
    Resource, ResultPath, Retry, Rule, Selection, TaskNode, WaitNode,
};
use crate::diagnostic::{Diagnostic, join};
use crate::expression::delimited;
use crate::path::Path;
use crate::run::Timestamp;
use crate::template::{Query, Template};
use crate::types::{
    self, Amount, DataTest, Jitter, ProcessorMode, QueryLanguage, State, StateMachine, States, Test,
};

pub(super) fn machine(definition: &StateMachine) -> Result<Machine, Vec<Diagnostic>> {
    let mut build = Build::default();
    let language = definition.query_language.unwrap_or_default();
    let start = build.scope("", &definition.start_at, &definition.states, language);
    build.finish(start, definition.timeout_seconds)
}

#[derive(Default)]
struct Build {
    nodes: Vec<Node>,
    problems: Vec<Diagnostic>,
}

/// Where a state is written, and what its names mean.
struct Place<'a> {
    pointer: String,
    language: QueryLanguage,
    names: &'a HashMap<&'a str, usize>,
}

impl Build {
    fn finish(self, start: usize, timeout_seconds: Option<u64>) -> Result<Machine, Vec<Diagnostic>> {
        if self.problems.is_empty() {
            Ok(Machine {
                nodes: self.nodes,
                start,
                timeout_seconds,
            })
        } else {
            Err(self.problems)
        }
    }

    fn problem(&mut self, pointer: String, message: impl Into<String>) {
        self.problems
            .push(Diagnostic::error("UNRUNNABLE", pointer, message));
    }

    /// Resolves the states of one scope and gives the index of its first.
    fn scope(&mut self, pointer: &str, start_at: &str, states: &States, language: QueryLanguage) -> usize {
        let first = self.nodes.len();
        let names: HashMap<&str, usize> = states
            .keys()
            .enumerate()
            .map(|(index, name)| (name.as_str(), first + index))
            .collect();
        // The indexes are promised before the states are resolved, since they name each other.
        for name in states.keys() {
            self.nodes.push(placeholder(name));
        }
        for (index, (name, state)) in states.iter().enumerate() {
            let place = Place {
                pointer: join(&format!("{pointer}/States"), name),
                language: state.query_language().unwrap_or(language),
                names: &names,
            };
            let node = self.node(name, state, &place, language);
            if let Some(slot) = self.nodes.get_mut(first + index) {
                *slot = node;
            }
        }
        match names.get(start_at) {
            Some(start) => *start,
            None => {
                self.problem(
                    format!("{pointer}/StartAt"),
                    format!("there is no state '{start_at}'"),
                );
                0
            }
        }
    }

    fn node(&mut self, name: &str, state: &State, place: &Place<'_>, machine: QueryLanguage) -> Node {
        let kind = self.kind(state, place, machine);
        let parameters = match state {
            State::Pass(state) => self.template(state.parameters.as_ref(), "Parameters", place),
            State::Task(state) => self
                .template(state.arguments.as_ref(), "Arguments", place)
                .or_else(|| self.template(state.parameters.as_ref(), "Parameters", place)),
            State::Parallel(state) => self
                .template(state.arguments.as_ref(), "Arguments", place)
                .or_else(|| self.template(state.parameters.as_ref(), "Parameters", place)),
            _ => None,
        };
        let selector = match state {
            State::Task(state) => state.result_selector.as_ref(),
            State::Parallel(state) => state.result_selector.as_ref(),
            State::Map(state) => state.result_selector.as_ref(),
            _ => None,
        };
        Node {
            name: name.into(),
            kind,
            language: place.language,
            input_path: self.selection(state.input_path(), "InputPath", place),
            parameters,
            result_selector: self.template(selector, "ResultSelector", place),
            result_path: self.result_path(state.result_path(), &place.pointer),
            output_path: self.selection(state.output_path(), "OutputPath", place),
            assign: self.assign(state.assign(), "Assign", place),
            output: self.template(state.output(), "Output", place),
            retry: state.retry().iter().map(retry).collect(),
            catch: self.catch(state.catch(), place),
            next: state
                .next()
                .map(|next| self.target(next, &join(&place.pointer, "Next"), place)),
        }
    }

    fn target(&mut self, name: &str, pointer: &str, place: &Place<'_>) -> usize {
        place.names.get(name).copied().unwrap_or_else(|| {
            self.problem(
                pointer.to_owned(),
                format!("there is no state '{name}' in this scope"),
            );
            0
        })
    }

    fn template(&mut self, value: Option<&Value>, field: &str, place: &Place<'_>) -> Option<Template> {
        let problems = &mut self.problems;
        Some(Template::parse(
            value?,
            field,
            place.language,
            &mut |below, problem| {
                problems.push(Diagnostic::error(
                    "UNRUNNABLE",
                    format!("{}/{below}", place.pointer),
                    problem,
                ));
            },
        ))
    }

    fn assign(
        &mut self,
        assign: Option<&Object<String, Value>>,
        field: &str,
        place: &Place<'_>,
    ) -> Vec<(String, Template)> {
        let Some(assign) = assign else { return Vec::new() };
        match self.template(Some(&Value::Object(assign.clone())), field, place) {
            Some(Template::Object(fields)) => fields.into_pairs(),
            Some(Template::Literal(Value::Object(fields))) => fields
                .into_iter()
                .map(|(name, value)| (name, Template::Literal(value)))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn path(&mut self, text: &str, pointer: String) -> Option<Path> {
        Path::parse(text)
            .map_err(|error| self.problem(pointer, error.to_string()))
            .ok()
    }

    fn selection(&mut self, path: Option<Option<&str>>, field: &str, place: &Place<'_>) -> Selection {
        match path {
            None | Some(Some("$")) => Selection::Whole,
            Some(None) => Selection::Nothing,
            Some(Some(text)) => self
                .path(text, join(&place.pointer, field))
                .map_or(Selection::Whole, Selection::Path),
        }
    }

    fn result_path(&mut self, path: Option<Option<&str>>, pointer: &str) -> ResultPath {
        match path {
            None | Some(Some("$")) => ResultPath::Whole,
            Some(None) => ResultPath::Discard,
            Some(Some(text)) => self
                .path(text, join(pointer, "ResultPath"))
                .map_or(ResultPath::Whole, ResultPath::Path),
        }
    }

    fn catch(&mut self, catchers: &[types::Catcher], place: &Place<'_>) -> Vec<Catch> {
        let mut resolved = Vec::new();
        for (index, catcher) in catchers.iter().enumerate() {
            let pointer = format!("{}/Catch/{index}", place.pointer);
            let place = Place {
                pointer: pointer.clone(),
                language: place.language,
                names: place.names,
            };
            resolved.push(Catch {
                errors: catcher.error_equals.clone(),
                result_path: self.result_path(catcher.result_path.as_ref().map(Option::as_deref), &pointer),
                assign: self.assign(catcher.assign.as_ref(), "Assign", &place),
                output: self.template(catcher.output.as_ref(), "Output", &place),
                next: self.target(&catcher.next, &join(&pointer, "Next"), &place),
            });
        }
        resolved
    }

    fn kind(&mut self, state: &State, place: &Place<'_>, machine: QueryLanguage) -> Kind {
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

fn whole<T: serde::Serialize>(value: Option<&T>) -> Option<Value> {
    serde_json::to_value(value?).ok()
}

fn placeholder(name: &str) -> Node {
    Node {
        name: name.into(),
        kind: Kind::Succeed,
        language: QueryLanguage::JSONPath,
        input_path: Selection::Whole,
        parameters: None,
        result_selector: None,
        result_path: ResultPath::Whole,
        output_path: Selection::Whole,
        assign: Vec::new(),
        output: None,
        retry: Vec::new(),
        catch: Vec::new(),
        next: None,
    }
}

fn retry(retrier: &types::Retrier) -> Retry {
    Retry {
        errors: retrier.error_equals.clone(),
        interval_seconds: retrier.interval_seconds.unwrap_or(1),
        max_attempts: retrier.max_attempts.unwrap_or(3),
        backoff_rate: retrier
            .backoff_rate
            .as_ref()
            .and_then(serde_json::Number::as_f64)
            .unwrap_or(2.0),
        max_delay_seconds: retrier.max_delay_seconds,
        jitter: retrier.jitter_strategy.unwrap_or(Jitter::None),
    }
}

impl Resource {
    pub(crate) fn parse(arn: &str) -> Self {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "lambda", ..] => Self::Lambda(arn.to_owned()),
            ["arn", _, "states", region, account, rest] if region.is_empty() && account.is_empty() => {
                // The action is the last part, but `.sync:2` has a colon of its own.
                let (versionless, version) = match rest.strip_suffix(":2") {
                    Some(versionless) => (versionless, ":2"),
                    None => (*rest, ""),
                };
                let (kind, action) = versionless.rsplit_once(':').unwrap_or(("", versionless));
                Self::Service {
                    arn: arn.to_owned(),
                    kind: kind.to_owned(),
                    action: format!("{action}{version}"),
                }
            }
            _ => Self::Activity(arn.to_owned()),
        }
    }
}
