mod states;

use std::collections::HashMap;

use serde_json::{Map as Object, Value};

use super::{Catch, Kind, Machine, Node, Resource, ResultPath, Retry, Selection};
use crate::diagnostic::{Diagnostic, join};
use crate::path::Path;
use crate::template::Template;
use crate::types::{self, Jitter, QueryLanguage, State, StateMachine, States};

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
