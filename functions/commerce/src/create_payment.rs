//! A workflow's service task `create-payment`: records a payment, once for each visit of its node.

use domain::Error;
use engine::service::ServiceCall;
use runtime::{App, FunctionError, Handler, Trigger, clock, table};
use serde::Serialize;
use serde_json::{Value, json};
use store::Table;
use store::payments::Payment;

pub fn handler() -> Handler {
    let grants = vec![
        table(Table::Commerce, "PutItem"),
        table(Table::Instances, "GetItem BatchWriteItem"),
        table(Table::Tickets, "GetItem"),
    ];
    Handler::new("create_payment", Trigger::StateMachine, grants, create_payment)
}

/// What goes back into the instance's data.
#[derive(Debug, Serialize)]
pub struct Recorded {
    data: Value,
}

async fn create_payment(app: App, call: ServiceCall) -> Result<Recorded, FunctionError> {
    let entered_at = clock::now();
    let header = &call.header;
    let instance = engine::instance::read(&app, &header.tenant, &header.instance).await?;
    let instance = instance.ok_or(Error::NotFound("instance"))?;
    let payment = Payment {
        id: payment_id(&call.idempotency_key),
        instance: header.instance.clone(),
        ticket: header.ticket.clone(),
        amount: instance.data.get("amount").cloned().unwrap_or_default(),
        currency: instance.data.get("currency").cloned().unwrap_or_default(),
        recorded_at: entered_at,
    };
    app.store.payment_create(&header.tenant, &payment).await?;
    call.done(&app, entered_at).await?;
    Ok(Recorded { data: json!({}) })
}

/// The key as an id: without what separates parts of a path.
pub(crate) fn payment_id(idempotency_key: &str) -> String {
    idempotency_key.replace('/', "~")
}
