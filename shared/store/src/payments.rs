//! Payments.

use domain::Result;
use domain::id::{InstanceId, TenantId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dynamo::Store;
use crate::item::{ItemExt, Stored, to_item};
use crate::keys::{self, Kind};
use crate::table::Table;

/// A payment that a workflow recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// The idempotency key of the step that recorded it.
    pub id: String,
    pub instance: InstanceId,
    pub ticket: TicketId,
    pub amount: Value,
    pub currency: Value,
    pub recorded_at: Timestamp,
}

impl Stored for Payment {
    const JSON: &[&str] = &["amount", "currency"];
}

impl Store {
    /// Records a payment once. False: it is recorded already.
    pub async fn payment_create(&self, tenant: &TenantId, payment: &Payment) -> Result<bool> {
        let item = to_item(payment)?.at(&keys::payment(tenant, &payment.id)).indexed(
            keys::all(tenant, Kind::Payments),
            keys::by_time(payment.recorded_at, &payment.id),
        );
        self.put_new(Table::Commerce, item).await
    }

    pub async fn payment_get(&self, tenant: &TenantId, id: &str) -> Result<Option<Payment>> {
        self.get(Table::Commerce, &keys::payment(tenant, id)).await
    }
}
