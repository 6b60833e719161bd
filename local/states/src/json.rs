//! JSON objects without indexing.

use serde_json::Value;

static NULL: Value = Value::Null;

pub(crate) trait Json {
    /// Sets a member of an object; of anything else nothing.
    fn put(&mut self, name: &str, value: impl Into<Value>);

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>);

    /// A member, `null` where there is none.
    fn member(&self, name: &str) -> &Value;

    /// A member, which becomes `null`.
    fn take_member(&mut self, name: &str) -> Value;
}

impl Json for Value {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        if let Some(members) = self.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn member(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NULL)
    }

    fn take_member(&mut self, name: &str) -> Value {
        self.get_mut(name).map(Value::take).unwrap_or_default()
    }
}
