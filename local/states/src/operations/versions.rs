//! Versions: what a machine was when it was published.

use std::sync::Arc;

use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, params};

use super::body::{Body, page_token};
use crate::db::machines::MachineRow;
use crate::db::{row, rows, run};
use crate::error::AwsError;
use crate::json::Json;
use crate::live::seconds;
use crate::service::Service;

/// A version that a request asks to publish.
#[derive(Debug)]
pub(crate) struct NewVersion {
    pub(crate) description: Option<String>,
}

/// Whether a request that creates or updates a machine also publishes a version.
pub(crate) fn asked(body: Body<'_>) -> Result<Option<NewVersion>, AwsError> {
    let description = body.short("versionDescription", 256)?;
    match (body.flag("publish")?.unwrap_or(false), description) {
        (true, description) => Ok(Some(NewVersion { description })),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(AwsError::validation(
            "Version description can only be set when publish is true",
        )),
    }
}

/// The machine as it shall be, with a new version of it if one is asked for.
pub(crate) fn publish_with(
    db: &Connection,
    mut machine: MachineRow,
    version: Option<NewVersion>,
    now: i64,
) -> rusqlite::Result<Result<(MachineRow, Option<i64>), ()>> {
    let Some(version) = version else {
        return Ok(Ok((machine, None)));
    };
    // A new machine gets its id here.
    let id = crate::db::machines::put(db, &machine)?.id;
    machine.last_version += 1;
    run(
        db,
        "INSERT INTO versions (machine, number, definition, role, revision, configuration, description, created) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id,
            machine.last_version,
            machine.definition,
            machine.role,
            machine.revision,
            machine.configuration,
            version.description,
            now
        ],
    )?;
    let number = machine.last_version;
    Ok(Ok((machine, Some(number))))
}

/// The newest version that is like the machine now.
pub(crate) fn latest_of(db: &Connection, machine: &MachineRow) -> rusqlite::Result<Option<i64>> {
    row(
        db,
        "SELECT max(number) FROM versions WHERE machine = ?1 AND definition = ?2",
        params![machine.id, machine.definition],
        |row| row.get(0),
    )
    .map(Option::flatten)
}

pub(crate) fn remove_all(db: &Connection, machine: i64) -> rusqlite::Result<()> {
    run(db, "DELETE FROM versions WHERE machine = ?1", [machine])?;
    run(db, "DELETE FROM aliases WHERE machine = ?1", [machine]).map(drop)
}

/// Publishes the machine as it is. One that was published so before is answered with that version.
pub(super) async fn publish(service: &Arc<Service>, body: Body<'_>) -> crate::error::Result<Value> {
    let arn = body.required("stateMachineArn")?;
    let description = body.short("description", 256)?;
    let revision = body.text("revisionId")?.map(str::to_owned);
    let machine = service.machine(arn).await?;
    let now = service.clock.now().milliseconds();
    let changed = service
        .catalog
        .change(&service.db, &machine.name, move |db, before| {
            let Some(machine) = before.filter(|machine| !machine.deleted) else {
                return Ok(Err("StateMachineDoesNotExist"));
            };
            let current = machine.revision.as_deref().unwrap_or("INITIAL");
            if revision.is_some_and(|revision| revision != current) {
                return Ok(Err("ConflictException"));
            }
            if let Some(same) = same_revision(db, &machine)? {
                return Ok(Ok((machine, Some(same))));
            }
            let version = Some(NewVersion { description });
            Ok(publish_with(db, machine, version, now)?.map_err(|()| "StateMachineDoesNotExist"))
        });
    match changed.await? {
        Ok((machine, version)) => {
            let number = version.unwrap_or(machine.last_version);
            let id = machine.id;
            let created = service.db.read(move |db| {
                row(
                    db,
                    "SELECT created FROM versions WHERE machine = ?1 AND number = ?2",
                    params![id, number],
                    |row| row.get(0),
                )
            });
            let created: Option<i64> = created.await?;
            Ok(json!({
                "stateMachineVersionArn": format!("{arn}:{number}"),
                "creationDate": seconds(created.unwrap_or(now)),
            }))
        }
        Err(code) => Err(AwsError::about(code, arn).into()),
    }
}

/// The version that was published of the machine's revision.
fn same_revision(db: &Connection, machine: &MachineRow) -> rusqlite::Result<Option<i64>> {
    row(
        db,
        "SELECT number FROM versions WHERE machine = ?1 AND revision IS ?2 AND definition = ?3 \
         ORDER BY number DESC LIMIT 1",
        params![machine.id, machine.revision, machine.definition],
        |row| row.get(0),
    )
}

/// The newest first.
pub(super) async fn list(service: &Arc<Service>, body: Body<'_>) -> crate::error::Result<Value> {
    let arn = body.required("stateMachineArn")?;
    let limit = body.limit()?;
    let machine = service.machine(arn).await?.id;
    let below = match body.page("versions")? {
        Some(place) => place
            .parse()
            .map_err(|_| AwsError::about("InvalidToken", "Invalid token"))?,
        None => i64::MAX,
    };
    let found: Vec<(i64, i64)> = service
        .db
        .read(move |db| {
            rows(
                db,
                "SELECT number, created FROM versions WHERE machine = ?1 AND number < ?2 \
                 ORDER BY number DESC LIMIT ?3",
                params![machine, below, limit + 1],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        })
        .await?;
    let page: Vec<Value> = found
        .iter()
        .take(limit)
        .map(|(number, created)| {
            json!({ "stateMachineVersionArn": format!("{arn}:{number}"), "creationDate": seconds(*created) })
        })
        .collect();
    let mut answer = json!({ "stateMachineVersions": page });
    if let (true, Some((last, _))) = (found.len() > limit, found.iter().take(limit).next_back()) {
        answer.put("nextToken", page_token("versions", last));
    }
    Ok(answer)
}

/// Deletes one that no alias leads to; its executions go on.
pub(super) async fn delete(service: &Arc<Service>, body: Body<'_>) -> crate::error::Result<Value> {
    let arn = body.required("stateMachineVersionArn")?;
    let read = service.partition.read_machine(arn)?;
    let version = read.and_then(|read| Some((read.name, read.qualifier?.parse::<i64>().ok()?)));
    let Some((name, number)) = version else {
        return Err(AwsError::about("InvalidArn", arn).into());
    };
    let Some(machine) = service.catalog.machine(&service.db, name).await? else {
        return Ok(json!({}));
    };
    let id = machine.id;
    let used = service.db.write(move |db| {
        let routes: Vec<String> = rows(
            db,
            "SELECT routing FROM aliases WHERE machine = ?1",
            [id],
            |row| row.get(0),
        )?;
        let used = routes.iter().any(|routes| {
            let routes: Vec<(i64, i64)> = serde_json::from_str(routes).unwrap_or_default();
            routes.iter().any(|(version, _)| *version == number)
        });
        if !used {
            run(
                db,
                "DELETE FROM versions WHERE machine = ?1 AND number = ?2",
                params![id, number],
            )?;
        }
        Ok(used)
    });
    if used.await? {
        return Err(AwsError::new(
            "ConflictException",
            format!("Version {number} is referenced by an alias and cannot be deleted"),
        )
        .into());
    }
    Ok(json!({}))
}
