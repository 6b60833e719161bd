//! `POST /messages`

use std::collections::BTreeMap;

use axum::extract::State;
use domain::permission::Permission;
use domain::thrown::{Channel, Thrown};
use http::HeaderMap;
use runtime::extract::{Json, idempotency_key};
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::throwing::check_from_outside;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// As the definition names it: 1 to 200 characters.
    #[schema(example = "order-cancelled")]
    name: String,
    /// Which of several instances is meant: 1 to 200 characters.
    #[schema(example = "4711")]
    correlation: String,
    /// What it brings; at most 32 KiB.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"reason": "out of stock"}))]
    data: BTreeMap<String, Value>,
}

/// A message or signal that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sent {
    pub(crate) id: String,
}

pub fn endpoint() -> Endpoint {
    Endpoint::new(
        Access::Permission(Permission::EventSend),
        engine::grants::delivering(),
        routes!(send_message),
    )
}

/// Send a message to an instance
///
/// It goes to one place: of those that wait for its name and correlation, the one that opened first. Where none waits, it
/// is kept for seven days, and the first that opens takes it. Under one `Idempotency-Key` the first counts.
#[utoipa::path(post, path = "/api/v1/messages", request_body = NewMessage,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 202, description = "Taken", body = Sent)))]
async fn send_message(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<NewMessage>,
) -> ApiResult<Sent> {
    let id = id(&caller, &headers)?;
    let thrown = Thrown {
        id: id.clone(),
        channel: Channel::Message {
            name: body.name,
            correlation: body.correlation,
        },
        data: body.data,
        at: clock::now(),
        taken_by: None,
        done_at: None,
    };
    check_from_outside(&thrown)?;
    engine::events::deliver(&app, &caller.tenant, thrown).await?;
    Ok(Answer::taken(Sent { id }))
}

/// Of each caller's own, so that nobody's key stands in another's way.
pub(crate) fn id(caller: &Caller, headers: &HeaderMap) -> domain::Result<String> {
    let id = match idempotency_key(headers)? {
        Some(key) => Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{key}", caller.user).as_bytes()),
        None => Uuid::now_v7(),
    };
    Ok(id.to_string())
}
