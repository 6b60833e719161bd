//! What a definition may refer to: the forms, roles, functions and workflows of the tenant that publishes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The names that exist outside the definition. Whoever compiles fills it; nothing is looked up from here.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    forms: BTreeMap<String, Value>,
    roles: BTreeSet<String>,
    functions: BTreeSet<String>,
    workflows: BTreeSet<String>,
}

impl Catalog {
    pub fn new() -> Self {
        Self::default()
    }

    /// A form by its key, with its JSON Schema (2020-12).
    #[must_use]
    pub fn form(mut self, key: impl Into<String>, schema: Value) -> Self {
        self.forms.insert(key.into(), schema);
        self
    }

    /// A role by its key.
    #[must_use]
    pub fn role(mut self, key: impl Into<String>) -> Self {
        self.roles.insert(key.into());
        self
    }

    /// A function that a service task may call, by the name that its `lambda` writes (`create-payment`).
    #[must_use]
    pub fn function(mut self, name: impl AsRef<str>) -> Self {
        self.functions.insert(function_name(name.as_ref()));
        self
    }

    /// A published workflow that a call activity may start, by its key.
    #[must_use]
    pub fn workflow(mut self, key: impl Into<String>) -> Self {
        self.workflows.insert(key.into());
        self
    }

    pub(crate) fn schema(&self, form: &str) -> Option<&Value> {
        self.forms.get(form)
    }

    pub(crate) fn form_keys(&self) -> impl Iterator<Item = &str> {
        self.forms.keys().map(String::as_str)
    }

    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str)
    }

    pub(crate) fn has_role(&self, key: &str) -> bool {
        self.roles.contains(key)
    }

    pub(crate) fn workflows(&self) -> impl Iterator<Item = &str> {
        self.workflows.iter().map(String::as_str)
    }

    pub(crate) fn has_workflow(&self, key: &str) -> bool {
        self.workflows.contains(key)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = String> {
        self.functions.iter().map(|name| name.replace('_', "-"))
    }

    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.functions.contains(&function_name(name))
    }
}

/// The name of the Lambda function (without the deployment's prefix) that a definition calls `name`.
pub fn function_name(name: &str) -> String {
    name.replace('-', "_")
}
