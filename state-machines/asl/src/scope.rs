//! What an expression can see: the input, the context object, variables, chance and the clock.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::entropy::Entropy;
use crate::path::{NoMatch, Path, Root};
use crate::run::{ExecutionContext, Timestamp};

pub(crate) type Variables = BTreeMap<String, Arc<Value>>;

pub(crate) struct Scope<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: ContextObject<'a>,
    /// The variables of this scope first, then those of the scopes around it.
    pub(crate) variables: Vec<&'a Variables>,
    pub(crate) entropy: &'a RefCell<Entropy>,
    pub(crate) now: Timestamp,
}

impl<'a> Scope<'a> {
    pub(crate) fn variable(&self, name: &str) -> Option<&'a Value> {
        self.variables
            .iter()
            .find_map(|variables| variables.get(name))
            .map(Arc::as_ref)
    }

    /// What a path of JSONPath finds, and the root it was sought in for the message.
    pub(crate) fn find(&self, path: &Path) -> Result<Value, NoMatch> {
        path.find(self.root(path)).map(std::borrow::Cow::into_owned)
    }

    pub(crate) fn root(&self, path: &Path) -> &Value {
        static NOTHING: Value = Value::Null;
        match path.root() {
            Root::Input => self.input,
            Root::Context => self.context.get(),
            Root::Variable(name) => self.variable(name).unwrap_or(&NOTHING),
        }
    }
}

/// The parts of the context object; put together only where an expression asks for it.
#[derive(Clone)]
pub(crate) struct ContextObject<'a> {
    pub(crate) execution: &'a ExecutionContext,
    pub(crate) execution_input: &'a Value,
    pub(crate) state: &'a str,
    pub(crate) entered: Timestamp,
    pub(crate) retry_count: Option<u32>,
    pub(crate) token: Option<&'a str>,
    /// Index and value of the innermost Map's item.
    pub(crate) item: Option<(usize, &'a Value)>,
    /// Set where a test gives the whole object.
    pub(crate) fixed: Option<&'a Value>,
    pub(crate) built: OnceCell<Value>,
}

impl ContextObject<'_> {
    pub(crate) fn get(&self) -> &Value {
        self.fixed
            .unwrap_or_else(|| self.built.get_or_init(|| self.build()))
    }

    fn build(&self) -> Value {
        let mut object = Map::new();
        object.insert("Execution".into(), self.execution());
        object.insert(
            "StateMachine".into(),
            json!({"Id": self.execution.state_machine_id, "Name": self.execution.state_machine_name}),
        );
        let mut state = json!({"Name": self.state, "EnteredTime": self.entered.to_string()});
        if let (Some(count), Some(state)) = (self.retry_count, state.as_object_mut()) {
            state.insert("RetryCount".into(), count.into());
        }
        object.insert("State".into(), state);
        if let Some(token) = self.token {
            object.insert("Task".into(), json!({"Token": token}));
        }
        if let Some((index, value)) = self.item {
            object.insert("Map".into(), json!({"Item": {"Index": index, "Value": value}}));
        }
        Value::Object(object)
    }

    fn execution(&self) -> Value {
        let execution = self.execution;
        let mut object = json!({
            "Id": execution.id,
            "Input": self.execution_input,
            "Name": execution.name,
            "RoleArn": execution.role_arn,
            "StartTime": execution.started.to_string(),
        });
        if let (Some(count), Some(object)) = (execution.redrive_count, object.as_object_mut()) {
            object.insert("RedriveCount".into(), count.into());
        }
        object
    }
}
