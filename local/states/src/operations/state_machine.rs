//! Creating, updating and deleting state machines.

use std::sync::Arc;

use asl::Severity;
use asl::validate::{self, MachineType};
use asl::{Diagnostic, Event};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::body::{Body, missing};
use super::tags;
use super::versions;
use crate::arn::check_name;
use crate::db::executions;
use crate::db::machines::{self, MachineRow};
use crate::error::{AwsError, Result};
use crate::json::Json;
use crate::live::seconds;
use crate::run::Because;
use crate::service::Service;

/// Members that are kept as they were given.
const CONFIGURATION: [&str; 3] = [
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
];

pub(super) async fn create(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let name = body.required("name")?;
    check_name(name)?;
    let definition = body.required("definition")?.to_owned();
    let role = body.required("roleArn")?.to_owned();
    let express = body.word("type", &["STANDARD", "EXPRESS"])? == Some("EXPRESS");
    let tags = tags::read(body)?;
    let version = versions::asked(body)?;
    check(&definition, express)?;
    let configuration = configuration(body, None).to_string();
    let now = service.clock.now().milliseconds();
    let arn = service.partition.machine(name);
    let (new_name, new_arn) = (name.to_owned(), arn.clone());
    let changed = service.catalog.change(&service.db, name, move |db, before| {
        let definition = machines::define(db, &digest(&definition), &definition)?;
        let new = MachineRow {
            id: 0,
            name: new_name,
            deleted: false,
            express,
            definition,
            role,
            revision: None,
            configuration,
            created: now,
            updated: now,
            last_version: before.as_ref().map_or(0, |before| before.last_version),
        };
        if let Some(before) = before.filter(|before| !before.deleted) {
            let same = before.definition == definition
                && before.express == express
                && before.configuration == new.configuration;
            return match (same, &version) {
                (true, None) => Ok(Ok((before, None))),
                (true, Some(_)) => {
                    let number = versions::latest_of(db, &before)?;
                    Ok(Ok((before, number)))
                }
                (false, _) => Ok(Err(())),
            };
        }
        machines::tag(db, &new_arn, &tags)?;
        versions::publish_with(db, new, version, now)
    });
    match changed.await? {
        Ok((machine, version)) => {
            let mut answer = json!({ "stateMachineArn": arn, "creationDate": seconds(machine.created) });
            let version = version.map(|version| format!("{arn}:{version}"));
            answer.put_some("stateMachineVersionArn", version);
            Ok(answer)
        }
        Err(()) => Err(AwsError::about("StateMachineAlreadyExists", &arn).into()),
    }
}

pub(super) async fn update(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineArn")?;
    let definition = body.text("definition")?.map(str::to_owned);
    let role = body.text("roleArn")?.map(str::to_owned);
    let version = versions::asked(body)?;
    let configured = CONFIGURATION.iter().any(|name| body.value(name).is_some());
    if definition.is_none() && role.is_none() && !configured {
        return Err(AwsError::new(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the EncryptionConfiguration must be specified",
        )
        .into());
    }
    let machine = service.machine(arn).await?;
    if let Some(definition) = &definition {
        check(definition, machine.express)?;
    }
    let configuration = configuration(body, Some(&machine.configuration)).to_string();
    let revision = service.new_uuid()?;
    let now = service.clock.now().milliseconds();
    let changed = service
        .catalog
        .change(&service.db, &machine.name, move |db, before| {
            let Some(mut machine) = before.filter(|before| !before.deleted) else {
                return Ok(Err(()));
            };
            if let Some(definition) = definition {
                machine.definition = machines::define(db, &digest(&definition), &definition)?;
            }
            if let Some(role) = role {
                machine.role = role;
            }
            machine.configuration = configuration;
            machine.revision = Some(revision);
            machine.updated = now;
            versions::publish_with(db, machine, version, now)
        });
    match changed.await? {
        Ok((machine, version)) => {
            let mut answer =
                json!({ "updateDate": seconds(machine.updated), "revisionId": machine.revision });
            let version = version.map(|version| format!("{arn}:{version}"));
            answer.put_some("stateMachineVersionArn", version);
            Ok(answer)
        }
        Err(()) => Err(AwsError::about("StateMachineDoesNotExist", arn).into()),
    }
}

/// Deletes it if it is there; executions that still run are ended.
pub(super) async fn delete(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineArn")?;
    let Some(read) = service.partition.read_machine(arn)? else {
        return Ok(json!({}));
    };
    let owned = arn.to_owned();
    let changed = service.catalog.change(&service.db, read.name, move |db, before| {
        let Some(mut machine) = before.filter(|before| !before.deleted) else {
            return Ok(Err(()));
        };
        machine.deleted = true;
        machines::untag_all(db, &owned)?;
        versions::remove_all(db, machine.id)?;
        Ok(Ok((machine, ())))
    });
    if let Ok((machine, ())) = changed.await? {
        let again = Arc::clone(service);
        service.spawn(async move { end_all(&again, machine.id).await });
    }
    Ok(json!({}))
}

async fn end_all(service: &Arc<Service>, machine: i64) {
    match service.db.read(move |db| executions::running(db, machine)).await {
        Ok(running) => {
            for id in running {
                // The deletion decides what happens, not this event.
                service.report(id, Because::Else, Event::Time).await;
            }
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot end executions");
        }
    }
}

fn digest(definition: &str) -> Vec<u8> {
    Sha256::digest(definition.as_bytes()).to_vec()
}

/// What is set up besides the definition: of the request, else as it was.
fn configuration(body: Body<'_>, before: Option<&str>) -> Value {
    let before: Map<String, Value> = before
        .and_then(|before| serde_json::from_str(before).ok())
        .unwrap_or_default();
    let members = CONFIGURATION.iter().filter_map(|name| {
        let value = body.value(name).or_else(|| before.get(*name))?;
        Some(((*name).to_owned(), value.clone()))
    });
    Value::Object(members.collect())
}

/// Refuses a definition with errors, naming all of them.
pub(crate) fn check(definition: &str, express: bool) -> std::result::Result<(), AwsError> {
    if definition.is_empty() {
        return Err(missing("definition"));
    }
    let kind = if express {
        MachineType::Express
    } else {
        MachineType::Standard
    };
    let found = validate::text(definition, kind);
    let errors: Vec<String> = found
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .map(describe)
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidDefinition",
        format!("Invalid State Machine Definition: '{}'", errors.join(", ")),
    ))
}

fn describe(finding: &Diagnostic) -> String {
    let at = if finding.pointer.is_empty() {
        "/"
    } else {
        &finding.pointer
    };
    format!("{}: {} at {at}", finding.code, finding.message)
}
