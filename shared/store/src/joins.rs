//! Who has arrived at a join, in the order of arriving. A list and never a counter, so that arriving twice is arriving once.

use domain::id::{TaskId, TenantId};
use domain::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dynamo::{Store, Written, conditional};
use crate::item::{Stored, attribute, from_item, number, text};
use crate::keys;
use crate::table::Table;

/// Those who have arrived, and what they brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    order: Vec<String>,
    brought: Vec<Value>,
}

impl Stored for Arrivals {
    const JSON: &[&str] = &["brought.*"];
}

/// Bytes of all that is brought to one join, as JSON: an execution carries it on, and may carry 256 KiB.
pub const MOST_BROUGHT: usize = 160 * 1024;

/// How long after the last arrival it is remembered: longer than an instance can live.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);

/// What came of an arrival.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrived {
    /// All that had arrived up to this one and with it, in their order.
    After(Vec<(String, Value)>),
    /// With this one it would be more than [`MOST_BROUGHT`].
    TooLarge,
}

impl Store {
    /// Notes who arrives at a join, with what; once, whatever is brought the second time.
    pub async fn join_arrive(
        &self,
        tenant: &TenantId,
        join: &TaskId,
        who: &str,
        brought: &Map<String, Value>,
        at: Timestamp,
    ) -> Result<Arrived> {
        let value = Value::Object(brought.clone()).to_string();
        let Some(room) = MOST_BROUGHT.checked_sub(value.len()) else {
            return Ok(Arrived::TooLarge);
        };
        let update = self
            .update(Table::Tasks, &keys::join(tenant, join))
            .condition_expression(
                "NOT contains(#order, :who) AND (attribute_not_exists(bytes) OR bytes <= :room)",
            )
            .update_expression(
                "SET #order = list_append(if_not_exists(#order, :none), :arrival), \
                 brought = list_append(if_not_exists(brought, :none), :value), \
                 bytes = if_not_exists(bytes, :zero) + :bytes, expires_at = :expiry",
            )
            .expression_attribute_names("#order", "order")
            .expression_attribute_values(":who", text(who))
            .expression_attribute_values(":room", number(room))
            .expression_attribute_values(":none", attribute(&Vec::<String>::new())?)
            .expression_attribute_values(":arrival", attribute(&[who])?)
            .expression_attribute_values(":bytes", number(value.len()))
            .expression_attribute_values(":value", attribute(&[value])?)
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":expiry", number((at + REMEMBERED).as_second()));
        let stands: Arrivals = match conditional(update).await? {
            Written::Done(item) | Written::Refused(Some(item)) => from_item(item)?,
            Written::Refused(None) => return Err(Error::Unavailable("arrive at a join")),
        };
        Ok(stands.up_to(who))
    }
}

impl Arrivals {
    fn up_to(self, who: &str) -> Arrived {
        let Some(place) = self.order.iter().position(|one| one == who) else {
            return Arrived::TooLarge;
        };
        Arrived::After(self.order.into_iter().zip(self.brought).take(place + 1).collect())
    }
}
