//! What a token carries.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Place;

#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    pub(super) fields: Map<String, Value>,
    /// Since its branch began.
    written: BTreeSet<String>,
    /// The writes as they were when the branch last entered a place: what is left of it if the fork is left early.
    pub(super) rested: Option<Map<String, Value>>,
    /// An end of the process with this status was entered.
    pub(super) rejected: bool,
    pub(super) undo: Vec<Undo>,
}

/// An activity that was left and can be compensated.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undo {
    pub(super) activity: Place,
    pub(super) handler: String,
    /// The scopes around it, by their serial numbers.
    pub(super) scopes: Vec<u64>,
}

impl Data {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
        self.written.insert(name.to_owned());
    }

    pub(super) fn set_all(&mut self, values: impl IntoIterator<Item = (String, Value)>) {
        for (name, value) in values {
            self.set(&name, value);
        }
    }

    /// Of what was answered, what `names` names.
    pub(super) fn take(&mut self, names: &[String], answered: &Map<String, Value>) {
        for (name, value) in answered {
            if names.contains(name) {
                self.set(name, value.clone());
            }
        }
    }

    /// A branch's own copy.
    pub(super) fn copy(&self) -> Self {
        let (fields, undo) = (self.fields.clone(), self.undo.clone());
        Self {
            fields,
            undo,
            ..Self::default()
        }
    }

    pub(super) fn writes(&self) -> Map<String, Value> {
        let written = self.written.iter();
        written
            .filter_map(|name| Some((name.clone(), self.fields.get(name)?.clone())))
            .collect()
    }

    pub(super) fn rest(&mut self) {
        self.rested = Some(self.writes());
    }

    /// The variable of an iteration; returns what it hides.
    pub(super) fn lend(&mut self, name: Option<&str>, value: Value) -> Option<Value> {
        self.fields.insert(name?.to_owned(), value)
    }

    pub(super) fn take_back(&mut self, name: Option<&str>, hidden: Option<Value>) {
        let Some(name) = name else { return };
        match hidden {
            Some(value) => self.fields.insert(name.to_owned(), value),
            None => self.fields.shift_remove(name),
        };
    }

    /// What a branch that has come to the join leaves.
    pub(super) fn join(&mut self, base: &[Undo], branch: Self) {
        self.set_all(branch.writes());
        self.rejected |= branch.rejected;
        self.undo
            .retain(|undo| !base.contains(undo) || branch.undo.contains(undo));
        let fresh = branch.undo.into_iter().filter(|undo| !base.contains(undo));
        self.undo.extend(fresh);
    }
}
