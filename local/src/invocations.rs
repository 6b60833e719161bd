//! Takes the calls that state machines make of functions: the endpoint's Lambda service forwards them to here. On a
//! loopback address of its own, apart from the API.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use runtime::{App, FunctionError, Handler, Trigger};
use serde_json::{Value, json};

#[derive(Clone)]
struct Invocations {
    app: App,
    handlers: Arc<HashMap<String, Handler>>,
}

/// `POST /invoke/{function}` with the event as the body.
pub fn router(app: App, handlers: &[Handler]) -> Router {
    let called = handlers
        .iter()
        .filter(|handler| handler.trigger == Trigger::StateMachine);
    let handlers = Arc::new(
        called
            .map(|handler| (handler.operation.id.clone(), handler.clone()))
            .collect(),
    );
    Router::new()
        .route("/invoke/{function}", post(invoke))
        .with_state(Invocations { app, handlers })
}

async fn invoke(
    State(state): State<Invocations>,
    Path(function): Path<String>,
    headers: HeaderMap,
    Json(event): Json<Value>,
) -> Response {
    let Some(handler) = state.handlers.get(&function) else {
        return (StatusCode::NOT_FOUND, "no such function").into_response();
    };
    let request_id = headers
        .get("x-amzn-lambda-function-request-id")
        .and_then(|id| id.to_str().ok());
    let request_id = request_id.map_or_else(runtime::request::new_id, str::to_owned);
    let token = event.get("token").and_then(Value::as_str).map(str::to_owned);
    match handler.invoke(state.app.clone(), event, request_id).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            if let Some(token) = token {
                fail_task(&state.app, &token, &error).await;
            }
            let body = json!({ "errorType": error.name, "errorMessage": error.cause });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}

/// On AWS a function's error fails the task that waits for its token. MiniStack 1.5 lets the task wait on, so we say it.
async fn fail_task(app: &App, token: &str, error: &FunctionError) {
    let cause: String = error.cause.chars().take(32_000).collect();
    let sent = app
        .sfn
        .send_task_failure()
        .task_token(token)
        .error(error.name.clone())
        .cause(cause)
        .send()
        .await;
    if let Err(error) = sent {
        tracing::debug!(error = %error, "the task does not wait any more");
    }
}
