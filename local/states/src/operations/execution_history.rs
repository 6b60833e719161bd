use std::sync::Arc;

use serde_json::{Value, json};

use super::body::{Body, page_token};
use crate::db::history;
use crate::error::{AwsError, Error, Result};
use crate::json::Json;
use crate::service::Service;

/// The events of an execution, a page at a time, from either end.
pub(super) async fn get(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = body.required("executionArn")?;
    let limit = body.limit()?;
    let reverse = body.flag("reverseOrder")?.unwrap_or(false);
    let with_data = body.flag("includeExecutionData")?.unwrap_or(true);
    let execution = service.execution(arn).await?;
    let list = format!("history {} {reverse}", execution.id);
    let from = match body.page(&list)? {
        Some(place) => place
            .parse()
            .map_err(|_| AwsError::about("InvalidToken", "Invalid token"))?,
        None if reverse => i64::MAX,
        None => 1,
    };
    let id = execution.id;
    let chunks = service
        .db
        .read(move |db| {
            let wanted = i64::try_from(limit).unwrap_or(i64::MAX);
            if reverse {
                let mut newest = None;
                history::backward(db, id, from, |(first, _)| {
                    // Each holds its events from `first` on, so the chunk before tells how many these are.
                    let newest = *newest.get_or_insert(*first);
                    newest.saturating_sub(*first) > wanted
                })
            } else {
                history::forward(db, id, from, |(first, _)| *first > from.saturating_add(wanted))
            }
        })
        .await?;
    let mut events = Vec::new();
    for (_, text) in chunks {
        let mut chunk: Vec<Value> =
            serde_json::from_str(&text).map_err(|e| Error::unreadable("events", e))?;
        if reverse {
            chunk.reverse();
        }
        events.extend(chunk);
    }
    let id_of = |event: &Value| event.member("id").as_i64().unwrap_or(0);
    events.retain(|event| {
        if reverse {
            id_of(event) <= from
        } else {
            id_of(event) >= from
        }
    });
    let next = events.get(limit).map(id_of);
    events.truncate(limit);
    if !with_data {
        events.iter_mut().for_each(strip);
    }
    let mut answer = json!({ "events": events });
    if let Some(next) = next {
        answer.put("nextToken", page_token(&list, next));
    }
    Ok(answer)
}

/// Takes the data out of an event.
fn strip(event: &mut Value) {
    let details = event.as_object_mut().into_iter().flatten();
    for (_, details) in details.filter(|(name, _)| name.ends_with("EventDetails")) {
        if let Some(details) = details.as_object_mut() {
            for name in [
                "input",
                "output",
                "parameters",
                "assignedVariables",
                "inputDetails",
                "outputDetails",
                "assignedVariablesDetails",
            ] {
                details.shift_remove(name);
            }
        }
    }
}
