//! Looking at state machines.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::body::{Body, page_token};
use crate::db::executions;
use crate::db::machines::{self, MachineRow};
use crate::error::{AwsError, Error, Result};
use crate::json::Json;
use crate::live::seconds;
use crate::service::Service;

impl Service {
    /// The machine of an unqualified ARN.
    pub(crate) async fn machine(&self, arn: &str) -> Result<Arc<MachineRow>> {
        let missing = || AwsError::about("StateMachineDoesNotExist", arn);
        let read = self.partition.read_machine(arn)?.ok_or_else(missing)?;
        let found = self.catalog.machine(&self.db, read.name).await?;
        let found = found.filter(|machine| !machine.deleted);
        Ok(found.ok_or_else(missing)?)
    }

    pub(super) async fn definition_text(&self, id: i64) -> Result<String> {
        let text = self.db.read(move |db| machines::definition(db, id)).await?;
        text.ok_or_else(|| Error::unreadable("a definition", "it is not there"))
    }
}

pub(super) fn kind(express: bool) -> &'static str {
    if express { "EXPRESS" } else { "STANDARD" }
}

pub(super) async fn describe(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineArn")?;
    let resolved = service.resolve(arn).await?;
    let machine = &resolved.machine;
    let definition = service.definition_text(resolved.definition).await?;
    let mut answer = json!({
        "stateMachineArn": arn,
        "name": machine.name,
        "status": "ACTIVE",
        "definition": definition,
        "roleArn": resolved.role,
        "type": kind(machine.express),
        "creationDate": seconds(resolved.created),
    });
    if let Some(answer) = answer.as_object_mut() {
        configure(answer, &machine.configuration);
        if let Some(revision) = &machine.revision {
            answer.insert("revisionId".to_owned(), revision.as_str().into());
        }
        if let Some(description) = resolved.description {
            answer.insert("description".to_owned(), description.into());
        }
    }
    Ok(answer)
}

/// Adds logging, tracing and encryption: as they were given, else AWS's defaults.
fn configure(answer: &mut Map<String, Value>, configuration: &str) {
    let given: Map<String, Value> = serde_json::from_str(configuration).unwrap_or_default();
    for (name, default) in [
        (
            "loggingConfiguration",
            json!({ "level": "OFF", "includeExecutionData": false }),
        ),
        ("tracingConfiguration", json!({ "enabled": false })),
        ("encryptionConfiguration", json!({ "type": "AWS_OWNED_KEY" })),
    ] {
        let value = given.get(name).cloned().unwrap_or(default);
        answer.insert(name.to_owned(), value);
    }
}

pub(super) async fn describe_for_execution(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("executionArn")?;
    let execution = service.execution(arn).await?;
    let machine = service.catalog.machine(&service.db, &execution.machine).await?;
    let machine = machine.ok_or_else(|| AwsError::about("ExecutionDoesNotExist", arn))?;
    let definition = service.definition_text(execution.definition).await?;
    let mut answer = json!({
        "stateMachineArn": service.partition.machine(&machine.name),
        "name": machine.name,
        "definition": definition,
        "roleArn": execution.role,
        "updateDate": seconds(machine.updated),
    });
    if let Some(answer) = answer.as_object_mut() {
        configure(answer, &machine.configuration);
        // A revision tells of the definition as it is now, which may be another one.
        if let Some(revision) = machine
            .revision
            .as_ref()
            .filter(|_| machine.definition == execution.definition)
        {
            answer.insert("revisionId".to_owned(), revision.as_str().into());
        }
    }
    Ok(answer)
}

pub(super) async fn list(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let limit = body.limit()?;
    let after = body.page("machines")?.unwrap_or_default();
    let found = service
        .db
        .read(move |db| machines::listed(db, &after, limit + 1))
        .await?;
    let page: Vec<Value> = found
        .iter()
        .take(limit)
        .map(|machine| item(service, machine))
        .collect();
    let mut answer = json!({ "stateMachines": page });
    if let (true, Some(last)) = (found.len() > limit, found.iter().take(limit).next_back()) {
        answer.put("nextToken", page_token("machines", &last.name));
    }
    Ok(answer)
}

fn item(service: &Service, machine: &MachineRow) -> Value {
    json!({
        "stateMachineArn": service.partition.machine(&machine.name),
        "name": machine.name,
        "type": kind(machine.express),
        "creationDate": seconds(machine.created),
    })
}

impl Service {
    /// The execution of an ARN.
    pub(crate) async fn execution(&self, arn: &str) -> Result<executions::ExecutionRow> {
        let missing = || AwsError::about("ExecutionDoesNotExist", arn);
        let read = self.partition.read_execution(arn)?.ok_or_else(missing)?;
        let (machine, name) = (read.machine.to_owned(), read.name.to_owned());
        let found = self
            .db
            .read(move |db| executions::by_name(db, &machine, &name))
            .await?;
        Ok(found.filter(|found| !found.express).ok_or_else(missing)?)
    }
}
