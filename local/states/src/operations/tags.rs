//! Tags of state machines and activities.

use std::sync::Arc;

use serde_json::{Value, json};

use super::body::{Body, missing};
use crate::db::machines;
use crate::error::{AwsError, Result};
use crate::service::Service;

const MOST: usize = 50;

type Tags = Vec<(String, String)>;

/// The tags of a request.
pub(super) fn read(body: Body<'_>) -> std::result::Result<Tags, AwsError> {
    let tags = body.array("tags")?.map(Vec::as_slice).unwrap_or_default();
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    tags.iter()
        .map(|tag| {
            let key = text(tag, "key").ok_or_else(|| missing("tags.member.key"))?;
            Ok((key, text(tag, "value").unwrap_or_default()))
        })
        .collect()
}

/// The ARN, if there is what it names.
async fn resource<'a>(service: &Service, body: Body<'a>) -> Result<&'a str> {
    let arn = body.required("resourceArn")?;
    let missing = || AwsError::new("ResourceNotFound", format!("Resource not found: '{arn}'"));
    let found = if arn.contains(":activity:") {
        service.activity(arn).await.map(drop)
    } else {
        service.machine(arn).await.map(drop)
    };
    match found {
        Ok(()) => Ok(arn),
        Err(crate::error::Error::Refused(error)) if error.code.ends_with("DoesNotExist") => {
            Err(missing().into())
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn tag(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let new = read(body)?;
    let arn = resource(service, body).await?.to_owned();
    let fits = service.db.write(move |db| {
        let before = machines::tags(db, &arn)?;
        let added = new
            .iter()
            .filter(|(name, _)| before.iter().all(|(other, _)| other != name))
            .count();
        if before.len() + added > MOST {
            return Ok(false);
        }
        machines::tag(db, &arn, &new).map(|()| true)
    });
    if fits.await? {
        Ok(json!({}))
    } else {
        let arn = body.required("resourceArn")?;
        Err(AwsError::about("TooManyTags", arn).into())
    }
}

pub(super) async fn untag(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let names = body.array("tagKeys")?.ok_or_else(|| missing("tagKeys"))?;
    let names: Vec<String> = names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let arn = resource(service, body).await?.to_owned();
    service
        .db
        .write(move |db| machines::untag(db, &arn, &names))
        .await?;
    Ok(json!({}))
}

pub(super) async fn list(service: &Arc<Service>, body: Body<'_>) -> Result<Value> {
    let arn = resource(service, body).await?.to_owned();
    let tags = service.db.read(move |db| machines::tags(db, &arn)).await?;
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    Ok(json!({ "tags": tags }))
}
