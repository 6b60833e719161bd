//! What was answered to who left a scope. The same is answered to each later try, whatever has happened since.

use domain::id::{InstanceId, TenantId};
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::{Store, Written, conditional};
use crate::item::{Stored, from_item, json, number};
use crate::keys;
use crate::table::Table;

/// How long it is remembered: longer than an instance can live.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);

#[derive(Debug, Serialize, Deserialize)]
struct Closing {
    answer: Value,
}

impl Stored for Closing {
    const JSON: &[&str] = &["answer"];
}

impl Store {
    /// Keeps what is answered under a key; gives what was kept first.
    pub async fn closing_answer(
        &self,
        tenant: &TenantId,
        instance: &InstanceId,
        key: &str,
        answer: &Value,
        at: Timestamp,
    ) -> Result<Value> {
        let update = self
            .update(Table::Tasks, &keys::closing(tenant, instance, key))
            .update_expression(
                "SET answer = if_not_exists(answer, :answer), expires_at = if_not_exists(expires_at, :expiry)",
            )
            .expression_attribute_values(":answer", json(answer))
            .expression_attribute_values(":expiry", number((at + REMEMBERED).as_second()));
        match conditional(update).await? {
            Written::Done(item) => from_item(item).map(|kept: Closing| kept.answer),
            Written::Refused(_) => Err(Error::Unavailable("keep what was answered")),
        }
    }
}
