//! Activities: tasks for workers that ask for them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use asl::Event;
use serde_json::{Value, json};

use super::body::{Body, page_token};
use super::tags;
use crate::arn::check_name;
use crate::db::activities::{self, Offered};
use crate::db::machines;
use crate::error::{AwsError, Error, Result};
use crate::json::Json;
use crate::live::seconds;
use crate::run::{Because, Changed};
use crate::service::Service;
use crate::token::TaskId;

/// For how long a worker may wait for a task.
const LONGEST_POLL_SECONDS: f64 = 60.0;

/// Tasks that are being handed to a worker.
#[derive(Debug, Default)]
pub(crate) struct HandedOut(Mutex<HashSet<i64>>);

impl HandedOut {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn create(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let name = body.required("name")?;
    check_name(name)?;
    let tags = tags::read(body)?;
    let now = service.clock.now().milliseconds();
    let arn = service.partition.activity(name);
    let (name, tagged) = (name.to_owned(), arn.clone());
    let created = service.db.write(move |db| {
        machines::tag(db, &tagged, &tags)?;
        activities::create(db, &name, now)
    });
    Ok(json!({ "activityArn": arn, "creationDate": seconds(created.await?) }))
}

impl Service {
    /// The name in an ARN, and when the activity was created.
    pub(crate) async fn activity<'a>(&self, arn: &'a str) -> Result<(&'a str, i64)> {
        let missing = || AwsError::about("ActivityDoesNotExist", arn);
        let name = self.partition.read_activity(arn)?.ok_or_else(missing)?;
        let owned = name.to_owned();
        let created = self.db.read(move |db| activities::created(db, &owned)).await?;
        Ok((name, created.ok_or_else(missing)?))
    }
}

pub(super) async fn describe(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("activityArn")?;
    let (name, created) = service.activity(arn).await?;
    Ok(json!({
        "activityArn": arn,
        "name": name,
        "creationDate": seconds(created),
        "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
    }))
}

pub(super) async fn delete(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("activityArn")?;
    if let Some(name) = service.partition.read_activity(arn)? {
        let (name, arn) = (name.to_owned(), arn.to_owned());
        service
            .db
            .write(move |db| {
                machines::untag_all(db, &arn)?;
                activities::remove(db, &name, &arn)
            })
            .await?;
    }
    Ok(json!({}))
}

pub(super) async fn list(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let limit = body.limit()?;
    let after = body.page("activities")?.unwrap_or_default();
    let found = service
        .db
        .read(move |db| activities::listed(db, &after, limit + 1))
        .await?;
    let page: Vec<Value> = found
        .iter()
        .take(limit)
        .map(|(name, created)| {
            let arn = service.partition.activity(name);
            json!({ "activityArn": arn, "name": name, "creationDate": seconds(*created) })
        })
        .collect();
    let mut answer = json!({ "activities": page });
    if let (true, Some((last, _))) = (found.len() > limit, found.iter().take(limit).next_back()) {
        answer.put("nextToken", page_token("activities", last));
    }
    Ok(answer)
}

/// Waits for a task. A worker that goes away while it waits takes none.
pub(super) async fn get_task(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("activityArn")?;
    let worker = body.short("workerName", 80)?;
    service.activity(arn).await?;
    let until = service.clock.now().plus_seconds(LONGEST_POLL_SECONDS);
    loop {
        let mut offered = std::pin::pin!(service.offered.notified());
        offered.as_mut().enable();
        let (again, arn, worker) = (Arc::clone(service), arn.to_owned(), worker.clone());
        let turn = service.busy.turn();
        let handing = tokio::spawn(async move {
            let _turn = turn;
            hand_out(&again, &arn, worker).await
        });
        let handed = handing.await.map_err(|e| Error::unreadable("a task", e))??;
        if let Some((token, input)) = handed {
            return Ok(json!({ "taskToken": token, "input": input }));
        }
        if service.clock.now() >= until {
            return Ok(json!({ "taskToken": null }));
        }
        tokio::select! {
            () = offered => {}
            () = service.clock.sleep_until(until) => {}
        }
    }
}

/// Gives the oldest task that is still waited for to a worker.
async fn hand_out(
    service: &Arc<Service>,
    activity: &str,
    worker: Option<String>,
) -> Result<Option<(String, String)>> {
    loop {
        let owned = activity.to_owned();
        let reserved = service.handed_out.lock().len();
        let offered = service
            .db
            .read(move |db| activities::offered(db, &owned, reserved + 1))
            .await?;
        let next = {
            let mut handed_out = service.handed_out.lock();
            let next = offered
                .into_iter()
                .find(|offered| !handed_out.contains(&offered.id));
            next.inspect(|offered| {
                handed_out.insert(offered.id);
            })
        };
        let Some(offered) = next else { return Ok(None) };
        let id = offered.id;
        let taken = take(service, offered, worker.clone()).await;
        service.handed_out.lock().remove(&id);
        if let Some(task) = taken? {
            return Ok(Some(task));
        }
    }
}

/// `None` if nobody waits for it any more.
async fn take(
    service: &Arc<Service>,
    offered: Offered,
    worker: Option<String>,
) -> Result<Option<(String, String)>> {
    let task = TaskId {
        execution: offered.execution,
        event: offered.task,
    };
    let token = service.key.token(task);
    let started = Event::ActivityStarted {
        token: token.clone(),
        worker,
    };
    let changed = service.change(offered.execution, Because::Taken(offered.id), |live| {
        if live.open().contains(&task.event) {
            Ok(vec![started])
        } else {
            Err(AwsError::about(
                "TaskTimedOut",
                "Provided task does not exist anymore",
            ))
        }
    });
    let is_open = match changed.await {
        Ok(changed) => changed == Changed::Done,
        Err(Error::Refused(_)) => false,
        Err(error) => return Err(error),
    };
    // Else its row went with the step.
    if !is_open || offered.execution < 0 {
        service
            .db
            .write(move |db| activities::taken(db, offered.id))
            .await?;
    }
    Ok(is_open.then_some((token, offered.input)))
}
