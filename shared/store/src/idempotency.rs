//! Creating an object once per `Idempotency-Key`: the object and the answer are written together, or neither.

use domain::id::{TenantId, UserId};
use domain::{Error, Result, Text};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::{Store, new_in};
use crate::item::{Item, ItemExt, Stored, from_item, to_item};
use crate::keys;
use crate::table::Table;

/// How long an answer is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// A creation that its sender may repeat.
#[derive(Debug, Clone)]
pub struct Idempotency {
    pub tenant: TenantId,
    pub user: UserId,
    pub operation: String,
    pub key: String,
    /// Of the body: the same key with another body is a mistake of the sender.
    pub body_hash: String,
    pub now: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    body_hash: String,
    answer: Value,
}

impl Stored for Remembered {
    const JSON: &[&str] = &["answer"];
}

impl Store {
    /// Writes new items together and gives `answer`, or the answer of the first time.
    /// Where an item is there already and the key is not: a conflict, told by `taken`.
    pub(crate) async fn create<T: Serialize + DeserializeOwned>(
        &self,
        table: Table,
        items: Vec<Item>,
        answer: T,
        idempotency: Option<&Idempotency>,
        taken: Text,
    ) -> Result<T> {
        if let ([item], None) = (items.as_slice(), idempotency) {
            let new = self.put_new(table, item.clone()).await?;
            return if new {
                Ok(answer)
            } else {
                Err(Error::conflict(taken))
            };
        }
        let mut writes = items
            .into_iter()
            .map(|item| new_in(self.name(table), item))
            .collect::<Result<Vec<_>>>()?;
        if let Some(idempotency) = idempotency {
            writes.insert(0, new_in(self.name(table), idempotency.remember(&answer)?)?);
        }
        let Err(reasons) = self.transact(writes).await? else {
            return Ok(answer);
        };
        let earlier = reasons.first().and_then(|reason| reason.item.clone());
        match (idempotency, earlier) {
            (Some(idempotency), Some(item)) => idempotency.repeat(item),
            _ => Err(Error::conflict(taken)),
        }
    }
}

impl Idempotency {
    fn remember(&self, answer: &impl Serialize) -> Result<Item> {
        let answer = serde_json::to_value(answer).map_err(|e| Error::internal("remember an answer", e))?;
        let remembered = Remembered {
            body_hash: self.body_hash.clone(),
            answer,
        };
        let key = keys::idempotency(&self.tenant, &self.user, &self.operation, &self.key);
        Ok(to_item(&remembered)?.at(&key).expiring(self.now + REMEMBERED))
    }

    fn repeat<T: DeserializeOwned>(&self, item: Item) -> Result<T> {
        let remembered: Remembered = from_item(item)?;
        if remembered.body_hash != self.body_hash {
            return Err(Error::conflict(Text::new(
                "This Idempotency-Key was used with another body.",
                "该 Idempotency-Key 已用于另一个请求体。",
            )));
        }
        serde_json::from_value(remembered.answer).map_err(|e| Error::internal("repeat an answer", e))
    }
}
