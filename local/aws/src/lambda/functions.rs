//! Creating, changing, describing and deleting functions.

use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};

use super::{Function, Lambda};
use crate::AwsError;

pub(super) fn load(connection: &Connection) -> Result<Vec<Function>, rusqlite::Error> {
    let mut statement = connection.prepare("SELECT name, configuration, policy, modified FROM functions")?;
    let functions = statement.query_map([], |row| {
        let json = |text: String| serde_json::from_str(&text).unwrap_or_default();
        Ok(Function {
            name: row.get(0)?,
            configuration: json(row.get(1)?),
            policy: json(row.get(2)?),
            modified: row.get(3)?,
        })
    })?;
    functions.collect()
}

impl Lambda {
    async fn store(&self, mut function: Function) -> Result<Arc<Function>, AwsError> {
        function.modified = self.clock.now();
        let row = function.clone();
        self.storage
            .write(move |connection| {
                connection.execute(
                    "INSERT OR REPLACE INTO functions (name, configuration, policy, modified) VALUES (?1, ?2, ?3, ?4)",
                    params![row.name, row.configuration.to_string(), row.policy.to_string(), row.modified],
                )
            })
            .await?;
        let function = Arc::new(function);
        let mut functions = self.functions.write().unwrap_or_else(PoisonError::into_inner);
        functions.insert(function.name.clone(), Arc::clone(&function));
        Ok(function)
    }

    pub(super) async fn create_function(&self, mut body: Value) -> Result<Value, AwsError> {
        let name = body
            .get("FunctionName")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if name.is_empty() || name.len() > 64 || !letters {
            return Err(AwsError::validation(
                "Value at 'functionName' failed to satisfy constraint: [a-zA-Z0-9-_]+, 1 to 64 letters",
            ));
        }
        if self.function(&name).is_ok() {
            let message = format!("Function already exist: {name}");
            return Err(AwsError::sender("ResourceConflictException", message).with_status(409));
        }
        if let Some(members) = body.as_object_mut() {
            // Kept by whoever runs the functions.
            members.remove("Code");
        }
        let function = Function {
            name,
            configuration: body,
            policy: json!({}),
            modified: 0,
        };
        Ok(self.told(&*self.store(function).await?))
    }

    pub(super) async fn update_function_configuration(
        &self,
        name: &str,
        body: Value,
    ) -> Result<Value, AwsError> {
        let mut function = Function::clone(&*self.function(name)?);
        if let (Some(known), Value::Object(new)) = (function.configuration.as_object_mut(), body) {
            known.extend(new);
        }
        Ok(self.told(&*self.store(function).await?))
    }

    pub(super) async fn update_function_code(&self, name: &str) -> Result<Value, AwsError> {
        let function = Function::clone(&*self.function(name)?);
        Ok(self.told(&*self.store(function).await?))
    }

    pub(super) async fn delete_function(&self, name: &str) -> Result<Value, AwsError> {
        let name = self.function(name)?.name.clone();
        let row = name.clone();
        self.storage
            .write(move |connection| connection.execute("DELETE FROM functions WHERE name = ?1", [row]))
            .await?;
        self.functions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&name);
        Ok(Value::Null)
    }

    pub(super) fn get_function(&self, name: &str) -> Result<Value, AwsError> {
        let function = self.function(name)?;
        Ok(
            json!({ "Configuration": self.told(&function), "Code": {}, "Tags": function.configuration.get("Tags") }),
        )
    }

    pub(super) fn get_function_configuration(&self, name: &str) -> Result<Value, AwsError> {
        Ok(self.told(&*self.function(name)?))
    }

    pub(super) fn list_functions(&self) -> Value {
        let functions = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        let mut functions: Vec<_> = functions.values().collect();
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        json!({ "Functions": functions.into_iter().map(|function| self.told(function)).collect::<Vec<_>>() })
    }

    fn told(&self, function: &Function) -> Value {
        let mut told = function.configuration.clone();
        let seconds = function.modified / 1000;
        let modified =
            jiff::Timestamp::from_second(seconds).map(|time| time.strftime("%FT%T.000+0000").to_string());
        let computed = [
            ("FunctionArn", json!(self.arn(&function.name))),
            ("LastModified", json!(modified.unwrap_or_default())),
            ("Version", json!("$LATEST")),
            ("State", json!("Active")),
            ("LastUpdateStatus", json!("Successful")),
            ("CodeSize", json!(0)),
            ("PackageType", json!("Zip")),
        ];
        if let Some(members) = told.as_object_mut() {
            members.remove("Tags");
            members.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        }
        told
    }

    pub(super) async fn add_permission(&self, name: &str, body: Value) -> Result<Value, AwsError> {
        let mut function = Function::clone(&*self.function(name)?);
        let text = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default();
        let id = text("StatementId");
        if id.is_empty() {
            return Err(AwsError::validation("StatementId is missing."));
        }
        let statement = json!({
            "Sid": id, "Effect": "Allow", "Action": text("Action"),
            "Principal": { "Service": text("Principal") }, "Resource": self.arn(&function.name),
        });
        let statements = function.policy.as_object_mut();
        if statements.is_none_or(|known| known.insert(id.to_owned(), statement.clone()).is_some()) {
            let message = format!("The statement id ({id}) provided already exists.");
            return Err(AwsError::sender("ResourceConflictException", message).with_status(409));
        }
        self.store(function).await?;
        Ok(json!({ "Statement": statement.to_string() }))
    }

    pub(super) async fn remove_permission(&self, name: &str, statement: &str) -> Result<Value, AwsError> {
        let mut function = Function::clone(&*self.function(name)?);
        let removed = function
            .policy
            .as_object_mut()
            .and_then(|known| known.remove(statement));
        if removed.is_none() {
            return Err(AwsError::not_found(format!(
                "Statement {statement} is not found in resource policy."
            ))
            .with_status(404));
        }
        self.store(function).await?;
        Ok(Value::Null)
    }

    pub(super) fn get_policy(&self, name: &str) -> Result<Value, AwsError> {
        let function = self.function(name)?;
        let statements: Vec<_> = function
            .policy
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, value)| value)
            .collect();
        if statements.is_empty() {
            return Err(AwsError::not_found("The resource you requested does not exist.").with_status(404));
        }
        Ok(
            json!({ "Policy": json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }).to_string() }),
        )
    }
}
