//! `POST /signals`

use std::collections::BTreeMap;

use axum::extract::State;
use domain::permission::Permission;
use domain::thrown::{Channel, Thrown};
use http::HeaderMap;
use runtime::extract::Json;
use runtime::{Access, Answer, ApiResult, App, Caller, Endpoint, clock};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::send_message::{Sent, id};
use crate::throwing::check_from_outside;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignal {
    /// As the definitions name it: 1 to 200 characters.
    #[schema(example = "year-closed")]
    name: String,
    /// What it brings; at most 32 KiB.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"year": 2026}))]
    data: BTreeMap<String, Value>,
}

pub fn endpoint() -> Endpoint {
    Endpoint::new(
        Access::Permission(Permission::EventSend),
        engine::grants::delivering(),
        routes!(send_signal),
    )
}

/// Send a signal to all instances
///
/// It goes to every place that waits for its name now, and is not kept. Under one `Idempotency-Key` the first counts.
#[utoipa::path(post, path = "/api/v1/signals", request_body = NewSignal,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeat safely under the same key")),
    responses((status = 202, description = "Taken", body = Sent)))]
async fn send_signal(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<NewSignal>,
) -> ApiResult<Sent> {
    let id = id(&caller, &headers)?;
    let thrown = Thrown {
        id: id.clone(),
        channel: Channel::Signal { name: body.name },
        data: body.data,
        at: clock::now(),
        taken_by: None,
        done_at: None,
    };
    check_from_outside(&thrown)?;
    engine::events::deliver(&app, &caller.tenant, thrown).await?;
    Ok(Answer::taken(Sent { id }))
}
