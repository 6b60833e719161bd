//! Aliases: names for one version of a machine, or two with weights.

use std::sync::Arc;

use serde_json::{Value, json};
use storage::rusqlite::{self, Connection, Row, params};

use super::body::{Body, missing, page_token};
use crate::db::{row, rows, run};
use crate::error::{AwsError, Error, Result};
use crate::json::Json;
use crate::live::seconds;
use crate::service::Service;

/// Versions and their weights in percent.
type Routes = Vec<(i64, i64)>;

struct Alias {
    name: String,
    description: Option<String>,
    routing: String,
    created: i64,
    updated: i64,
}

const COLUMNS: &str = "name, description, routing, created, updated";

fn read(row: &Row<'_>) -> rusqlite::Result<Alias> {
    Ok(Alias {
        name: row.get(0)?,
        description: row.get(1)?,
        routing: row.get(2)?,
        created: row.get(3)?,
        updated: row.get(4)?,
    })
}

fn find(db: &Connection, machine: i64, name: &str) -> rusqlite::Result<Option<Alias>> {
    let sql = format!("SELECT {COLUMNS} FROM aliases WHERE machine = ?1 AND name = ?2");
    row(db, &sql, params![machine, name], read)
}

fn not_found(arn: &str) -> AwsError {
    AwsError::about("ResourceNotFound", arn)
}

/// What a request routes to: versions of one machine, 100 percent in all.
fn routes(service: &Service, body: Body<'_>) -> Result<Option<(String, Routes)>> {
    let Some(entries) = body.array("routingConfiguration")? else {
        return Ok(None);
    };
    let mut machine: Option<String> = None;
    let mut routes = Routes::new();
    for entry in entries {
        let arn = entry.member("stateMachineVersionArn").as_str();
        let arn = arn.ok_or_else(|| missing("routingConfiguration.member.stateMachineVersionArn"))?;
        let weight = entry.member("weight").as_i64().unwrap_or(-1);
        let read = service
            .partition
            .read_machine(arn)?
            .ok_or_else(|| not_found(arn))?;
        let version = read.qualifier.and_then(|version| version.parse().ok());
        let version: i64 = version.ok_or_else(|| AwsError::about("InvalidArn", arn))?;
        if machine.as_deref().is_some_and(|other| other != read.name) {
            return Err(AwsError::validation("The versions must be of one state machine").into());
        }
        machine = Some(read.name.to_owned());
        routes.push((version, weight));
    }
    let whole: i64 = routes.iter().map(|(_, weight)| *weight).sum();
    let right = matches!(routes.len(), 1 | 2) && routes.iter().all(|(_, weight)| (0..=100).contains(weight));
    match machine {
        Some(machine) if right && whole == 100 => Ok(Some((machine, routes))),
        _ => {
            Err(AwsError::validation("Sum of routing weights must equal 100, of one or two versions").into())
        }
    }
}

fn text(routes: &Routes) -> Result<String> {
    serde_json::to_string(routes).map_err(|e| Error::unreadable("an alias", e))
}

/// Whether all versions are there.
fn all_there(db: &Connection, machine: i64, routes: &Routes) -> rusqlite::Result<bool> {
    for (version, _) in routes {
        let sql = "SELECT 1 FROM versions WHERE machine = ?1 AND number = ?2";
        if row(db, sql, params![machine, version], |_| Ok(()))?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The same alias again is answered as the first time.
pub(super) async fn create(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let name = body.required("name")?;
    let fits = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    // A number would be a version.
    if name.is_empty() || name.len() > 80 || !fits || name.parse::<i64>().is_ok() {
        return Err(AwsError::about("InvalidName", name).into());
    }
    let description = body.short("description", 256)?;
    let (machine, routes) = routes(service, body)?.ok_or_else(|| missing("routingConfiguration"))?;
    let arn = service.partition.machine(&machine);
    let machine = service.machine(&arn).await?.id;
    let routing = text(&routes)?;
    let now = service.clock.now().milliseconds();
    let owned = name.to_owned();
    let created = service.db.write(move |db| {
        if !all_there(db, machine, &routes)? {
            return Ok(Err("ResourceNotFound"));
        }
        if let Some(before) = find(db, machine, &owned)? {
            let same = before.routing == routing && before.description == description;
            return Ok(if same {
                Ok(before.created)
            } else {
                Err("ConflictException")
            });
        }
        run(
            db,
            "INSERT INTO aliases (machine, name, description, routing, created, updated) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![machine, owned, description, routing, now],
        )?;
        Ok(Ok(now))
    });
    let arn = format!("{arn}:{name}");
    match created.await? {
        Ok(created) => Ok(json!({ "stateMachineAliasArn": arn, "creationDate": seconds(created) })),
        Err(code) => Err(AwsError::about(code, &arn).into()),
    }
}

impl Service {
    /// The id of the machine and the alias's name in an ARN.
    async fn alias<'a>(&self, arn: &'a str) -> Result<(i64, &'a str)> {
        let read = self.partition.read_machine(arn)?.ok_or_else(|| not_found(arn))?;
        let name = read.qualifier.ok_or_else(|| not_found(arn))?;
        let machine = self.catalog.machine(&self.db, read.name).await?;
        let machine = machine.filter(|machine| !machine.deleted);
        Ok((machine.ok_or_else(|| not_found(arn))?.id, name))
    }
}

pub(super) async fn update(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineAliasArn")?;
    let description = body.short("description", 256)?;
    let routes = routes(service, body)?.map(|(_, routes)| routes);
    let routing = routes.as_ref().map(text).transpose()?;
    let (machine, name) = service.alias(arn).await?;
    let name = name.to_owned();
    let now = service.clock.now().milliseconds();
    let updated = service.db.write(move |db| {
        if let Some(routes) = &routes
            && !all_there(db, machine, routes)?
        {
            return Ok(0);
        }
        run(
            db,
            "UPDATE aliases SET description = ifnull(?3, description), routing = ifnull(?4, routing), updated = ?5 \
             WHERE machine = ?1 AND name = ?2",
            params![machine, name, description, routing, now],
        )
    });
    match updated.await? {
        0 => Err(not_found(arn).into()),
        _ => Ok(json!({ "updateDate": seconds(now) })),
    }
}

pub(super) async fn describe(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineAliasArn")?;
    let (machine, name) = service.alias(arn).await?;
    let owned = name.to_owned();
    let alias = service.db.read(move |db| find(db, machine, &owned)).await?;
    let alias = alias.ok_or_else(|| not_found(arn))?;
    let routes: Routes =
        serde_json::from_str(&alias.routing).map_err(|e| Error::unreadable("an alias", e))?;
    let of = arn.strip_suffix(name).unwrap_or(arn);
    let routing: Vec<Value> = routes
        .iter()
        .map(|(version, weight)| json!({ "stateMachineVersionArn": format!("{of}{version}"), "weight": weight }))
        .collect();
    let mut answer = json!({
        "stateMachineAliasArn": arn,
        "name": alias.name,
        "routingConfiguration": routing,
        "creationDate": seconds(alias.created),
        "updateDate": seconds(alias.updated),
    });
    answer.put_some("description", alias.description);
    Ok(answer)
}

pub(super) async fn delete(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineAliasArn")?;
    let (machine, name) = service.alias(arn).await?;
    let name = name.to_owned();
    let deleted = service.db.write(move |db| {
        run(
            db,
            "DELETE FROM aliases WHERE machine = ?1 AND name = ?2",
            params![machine, name],
        )
    });
    match deleted.await? {
        0 => Err(not_found(arn).into()),
        _ => Ok(json!({})),
    }
}

pub(super) async fn list(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("stateMachineArn")?;
    let limit = body.limit()?;
    let machine = service.machine(arn).await?.id;
    let after = body.page("aliases")?.unwrap_or_default();
    let found = service.db.read(move |db| {
        let sql =
            format!("SELECT {COLUMNS} FROM aliases WHERE machine = ?1 AND name > ?2 ORDER BY name LIMIT ?3");
        rows(db, &sql, params![machine, after, limit + 1], read)
    });
    let found = found.await?;
    let page: Vec<Value> = found
        .iter()
        .take(limit)
        .map(|alias| {
            let arn = format!("{arn}:{}", alias.name);
            json!({ "stateMachineAliasArn": arn, "creationDate": seconds(alias.created) })
        })
        .collect();
    let mut answer = json!({ "stateMachineAliases": page });
    if let (true, Some(last)) = (found.len() > limit, found.iter().take(limit).next_back()) {
        answer.put("nextToken", page_token("aliases", &last.name));
    }
    Ok(answer)
}
