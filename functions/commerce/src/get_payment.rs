//! `GET /payments/{id}`

use axum::extract::State;
use domain::Error;
use domain::id::{InstanceId, TicketId};
use domain::permission::Permission;
use jiff::Timestamp;
use runtime::extract::Path;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, table};
use serde::Serialize;
use serde_json::Value;
use store::Table;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// A payment that a workflow recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    /// The instance, the node and the visit that recorded it, joined by `~`.
    id: String,
    instance_id: InstanceId,
    ticket_id: TicketId,
    /// As the form has it.
    #[schema(value_type = f64)]
    amount: Value,
    /// As the form has it.
    #[schema(value_type = Option<String>)]
    currency: Value,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
}

pub fn endpoint() -> Endpoint {
    let access = Access::Permission(Permission::PaymentRead);
    Endpoint::new(
        access,
        vec![table(Table::Commerce, "GetItem")],
        routes!(get_payment),
    )
}

/// Get a payment
#[utoipa::path(get, path = "/api/v1/payments/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "The payment", body = PaymentView)))]
async fn get_payment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<PaymentView> {
    let id_is_none = id.contains('#') || id.len() > 300;
    let payment = if id_is_none {
        None
    } else {
        app.store.payment_get(&caller.tenant, &id).await?
    };
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    Ok(Answer::ok(PaymentView {
        id: payment.id,
        instance_id: payment.instance,
        ticket_id: payment.ticket,
        amount: payment.amount,
        currency: payment.currency,
        recorded_at: payment.recorded_at,
    }))
}
