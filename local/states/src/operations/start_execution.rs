//! Starting executions.

use std::sync::Arc;

use serde_json::{Value, json};
use storage::rusqlite::params;

use super::body::{self, Body};
use crate::arn::check_name;
use crate::db::executions::Waits;
use crate::db::machines::MachineRow;
use crate::db::row;
use crate::error::{AwsError, Error, Result};
use crate::live::seconds;
use crate::run::{Beginning, Begun};
use crate::service::Service;
use crate::token::TaskId;

/// What a request, or a task, asks for.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) arn: &'a str,
    pub(crate) name: Option<String>,
    pub(crate) input: String,
    pub(crate) trace: Option<String>,
    pub(crate) parent: Option<(TaskId, Waits)>,
}

/// A machine with what its ARN's version or alias says.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) machine: Arc<MachineRow>,
    pub(crate) definition: i64,
    pub(crate) role: String,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) created: i64,
    pub(crate) description: Option<String>,
}

pub(super) async fn answer(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let start = read(body)?;
    let begun = self::start(service, start).await?;
    Ok(json!({ "executionArn": begun.arn, "startDate": seconds(begun.started) }))
}

/// The request, also of a synchronous execution.
pub(super) fn read(body: Body<'_>) -> std::result::Result<Start<'_>, AwsError> {
    Ok(Start {
        arn: body.required("stateMachineArn")?,
        name: body.text("name")?.map(str::to_owned),
        input: body.text("input")?.unwrap_or("{}").to_owned(),
        trace: body.short("traceHeader", 256)?,
        parent: None,
    })
}

pub(crate) async fn start(service: &Arc<Service>, start: Start<'_>) -> Result<Begun> {
    let beginning = service.beginning(start).await?;
    service.begin(beginning).await
}

impl Service {
    /// Checks what is asked for.
    pub(crate) async fn beginning(&self, start: Start<'_>) -> Result<Beginning> {
        if let Some(name) = &start.name {
            check_name(name)?;
        }
        let resolved = self.resolve(start.arn).await?;
        let value = body::data(&start.input).map_err(|why| {
            AwsError::new(
                "InvalidExecutionInput",
                format!("Invalid State Machine Execution Input: '{why}'"),
            )
        })?;
        let name = match start.name {
            Some(name) => name,
            None => self.new_uuid()?,
        };
        Ok(Beginning {
            machine: resolved.machine,
            definition: resolved.definition,
            role: resolved.role,
            version: resolved.version,
            alias: resolved.alias,
            name,
            input: start.input,
            value,
            trace: start.trace,
            parent: start.parent,
        })
    }

    /// The machine of an ARN, which may name a version or an alias.
    pub(crate) async fn resolve(&self, arn: &str) -> Result<Resolved> {
        let missing = || AwsError::about("StateMachineDoesNotExist", arn);
        let read = self.partition.read_machine(arn)?.ok_or_else(missing)?;
        let machine = self.catalog.machine(&self.db, read.name).await?;
        let machine = machine.filter(|machine| !machine.deleted).ok_or_else(missing)?;
        let mut resolved = Resolved {
            definition: machine.definition,
            role: machine.role.clone(),
            version: None,
            alias: None,
            created: machine.created,
            description: None,
            machine,
        };
        let Some(qualifier) = read.qualifier else {
            return Ok(resolved);
        };
        let version = match qualifier.parse::<i64>() {
            Ok(version) => version,
            Err(_) => {
                resolved.alias = Some(qualifier.to_owned());
                self.routed(resolved.machine.id, qualifier)
                    .await?
                    .ok_or_else(missing)?
            }
        };
        let id = resolved.machine.id;
        let found = self.db.read(move |db| {
            row(
                db,
                "SELECT definition, role, created, description FROM versions WHERE machine = ?1 AND number = ?2",
                params![id, version],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
        });
        let (definition, role, created, description) = found.await?.ok_or_else(missing)?;
        resolved.definition = definition;
        resolved.role = role;
        resolved.created = created;
        resolved.description = description;
        resolved.version = Some(version);
        Ok(resolved)
    }

    /// The version that an alias leads to, this time.
    async fn routed(&self, machine: i64, alias: &str) -> Result<Option<i64>> {
        let alias = alias.to_owned();
        let routing: Option<String> = self
            .db
            .read(move |db| {
                row(
                    db,
                    "SELECT routing FROM aliases WHERE machine = ?1 AND name = ?2",
                    params![machine, alias],
                    |row| row.get(0),
                )
            })
            .await?;
        let Some(routing) = routing else { return Ok(None) };
        let routes: Vec<(i64, i64)> =
            serde_json::from_str(&routing).map_err(|e| Error::unreadable("an alias", e))?;
        let drawn = i64::from(getrandom::u32().map_err(Error::Random)? % 100);
        let mut below = 0;
        let drawn = routes.iter().find(|(_, weight)| {
            below += weight;
            drawn < below
        });
        Ok(drawn.map(|(version, _)| *version))
    }
}
