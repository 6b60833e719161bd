//! The definition as the rules see it: scopes and states, found wherever they are well enough formed.

use std::cell::OnceCell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::MachineType;
use super::queries::Query;
use crate::diagnostic::join;
use crate::types::{QueryLanguage, StateType};

pub(super) struct Document<'a> {
    pub(super) fields: &'a Map<String, Value>,
    pub(super) machine_type: MachineType,
    pub(super) language: QueryLanguage,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) states: Vec<State<'a>>,
    queries: OnceCell<Vec<Query<'a>>>,
}

/// Where states live: the machine, a branch or an item processor.
pub(super) struct Scope<'a> {
    pub(super) fields: &'a Map<String, Value>,
    /// The state that holds it, and the path of fields from there.
    pub(super) holder: Option<(usize, String)>,
    /// The scope around it.
    pub(super) outer: Option<usize>,
    /// Whether it runs as executions of its own.
    pub(super) distributed: bool,
    pub(super) names: HashMap<&'a str, usize>,
}

pub(super) struct State<'a> {
    pub(super) name: &'a str,
    pub(super) fields: &'a Map<String, Value>,
    pub(super) scope: usize,
    /// None where `Type` is missing or unknown.
    pub(super) kind: Option<StateType>,
    pub(super) language: QueryLanguage,
}

impl<'a> Document<'a> {
    pub(super) fn read(fields: &'a Map<String, Value>, machine_type: MachineType) -> Self {
        let mut document = Self {
            fields,
            machine_type,
            language: language(fields).unwrap_or_default(),
            scopes: Vec::new(),
            states: Vec::new(),
            queries: OnceCell::new(),
        };
        document.scope(fields, None, None, false);
        // States found later are at the end, so this walks into every scope.
        let mut next = 0;
        while next < document.states.len() {
            document.inner(next);
            next += 1;
        }
        document
    }

    fn scope(
        &mut self,
        fields: &'a Map<String, Value>,
        holder: Option<(usize, String)>,
        outer: Option<usize>,
        distributed: bool,
    ) {
        let index = self.scopes.len();
        let mut names = HashMap::new();
        for (name, state) in fields
            .get("States")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let Value::Object(state) = state else { continue };
            names.insert(name.as_str(), self.states.len());
            self.states.push(State {
                name,
                fields: state,
                scope: index,
                kind: state
                    .get("Type")
                    .and_then(Value::as_str)
                    .and_then(StateType::from_name),
                language: language(state).unwrap_or(self.language),
            });
        }
        self.scopes.push(Scope {
            fields,
            holder,
            outer,
            distributed,
            names,
        });
    }

    fn inner(&mut self, index: usize) {
        let Some(state) = self.states.get(index) else {
            return;
        };
        let (fields, scope) = (state.fields, state.scope);
        match state.kind {
            Some(StateType::Parallel) => {
                let branches = fields.get("Branches").and_then(Value::as_array);
                for (position, branch) in branches.into_iter().flatten().enumerate() {
                    if let Value::Object(branch) = branch {
                        self.scope(
                            branch,
                            Some((index, format!("Branches/{position}"))),
                            Some(scope),
                            false,
                        );
                    }
                }
            }
            Some(StateType::Map) => {
                for field in ["ItemProcessor", "Iterator"] {
                    if let Some(Value::Object(processor)) = fields.get(field) {
                        let distributed = is_distributed(processor);
                        self.scope(
                            processor,
                            Some((index, field.to_owned())),
                            Some(scope),
                            distributed,
                        );
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn scope_of(&self, state: &State<'a>) -> Option<&Scope<'a>> {
        self.scopes.get(state.scope)
    }

    /// The pointer of a scope. Made only where something is reported.
    pub(super) fn scope_pointer(&self, scope: &Scope<'a>) -> String {
        match &scope.holder {
            Some((state, path)) => {
                let holder = self
                    .states
                    .get(*state)
                    .map(|state| self.pointer(state))
                    .unwrap_or_default();
                format!("{holder}/{path}")
            }
            None => String::new(),
        }
    }

    pub(super) fn pointer(&self, state: &State<'a>) -> String {
        let scope = self
            .scope_of(state)
            .map(|scope| self.scope_pointer(scope))
            .unwrap_or_default();
        join(&format!("{scope}/States"), state.name)
    }

    pub(super) fn at(&self, state: &State<'a>, field: &str) -> String {
        format!("{}/{field}", self.pointer(state))
    }

    /// Every path, call and expression of the definition, parsed once.
    pub(super) fn queries(&self) -> &[Query<'a>] {
        self.queries.get_or_init(|| super::queries::all(self))
    }
}

impl<'a> State<'a> {
    pub(super) fn text(&self, field: &str) -> Option<&'a str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// The objects of a list field, with their positions.
    pub(super) fn objects(
        &self,
        field: &str,
    ) -> impl Iterator<Item = (usize, &'a Map<String, Value>)> + use<'a> {
        let list = self.fields.get(field).and_then(Value::as_array);
        let items = list.into_iter().flatten().enumerate();
        items.filter_map(|(index, item)| Some((index, item.as_object()?)))
    }

    /// Where the state can lead: the name, and the field that says so.
    pub(super) fn targets(&self) -> Vec<(&'a str, String)> {
        let mut targets = Vec::new();
        for field in ["Next", "Default"] {
            if let Some(name) = self.text(field) {
                targets.push((name, field.to_owned()));
            }
        }
        for field in ["Choices", "Catch"] {
            for (index, entry) in self.objects(field) {
                if let Some(name) = entry.get("Next").and_then(Value::as_str) {
                    targets.push((name, format!("{field}/{index}/Next")));
                }
            }
        }
        targets
    }
}

pub(super) fn language(fields: &Map<String, Value>) -> Option<QueryLanguage> {
    match fields.get("QueryLanguage").and_then(Value::as_str) {
        Some("JSONata") => Some(QueryLanguage::JSONata),
        Some("JSONPath") => Some(QueryLanguage::JSONPath),
        _ => None,
    }
}

pub(super) fn is_distributed(processor: &Map<String, Value>) -> bool {
    processor
        .get("ProcessorConfig")
        .and_then(|config| config.get("Mode"))
        .and_then(Value::as_str)
        == Some("DISTRIBUTED")
}
