//! What the home's Lambda runs: the platform's handlers in this process; functions of other processes by the address
//! that they were created with.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use aws::BoxFuture;
use aws::lambda::{FunctionError, Functions, Invocation};
use runtime::{App, Handler};
use serde_json::Value;
use tokio::sync::watch;

/// The variable of a function that says where it is called instead, by a POST of the event.
const CALLBACK: &str = "MINISTACK_LAMBDA_PROXY_URL";

#[derive(Debug)]
pub struct InProcess {
    /// Whether all handlers are registered. State machines go on as soon as the home is open; until their functions are
    /// there, they wait.
    complete: watch::Sender<bool>,
    /// By the function's whole name.
    handlers: RwLock<HashMap<String, (App, Handler)>>,
    http: reqwest::Client,
}

impl Default for InProcess {
    fn default() -> Self {
        Self {
            complete: watch::Sender::new(false),
            handlers: RwLock::default(),
            http: reqwest::Client::new(),
        }
    }
}

impl InProcess {
    /// Says that no more handlers will be registered.
    pub fn complete(&self) {
        self.complete.send_replace(true);
    }

    /// Lets a function of this name be this handler.
    pub fn register(&self, name: String, app: App, handler: Handler) {
        let mut handlers = self.handlers.write().unwrap_or_else(PoisonError::into_inner);
        handlers.insert(name, (app, handler));
    }

    fn find(&self, name: &str) -> Option<(App, Handler)> {
        let handlers = self.handlers.read().unwrap_or_else(PoisonError::into_inner);
        handlers.get(name).cloned()
    }

    async fn call_back(&self, url: &str, invocation: &Invocation) -> Result<Value, FunctionError> {
        let failed = |name: &str, message: String| FunctionError {
            name: name.to_owned(),
            message,
        };
        let sent = self
            .http
            .post(url)
            .header("x-amzn-lambda-function-request-id", &invocation.request_id)
            .json(&invocation.payload)
            .send()
            .await
            .map_err(|e| failed("Lambda.ServiceException", e.to_string()))?;
        let good = sent.status().is_success();
        let answer: Value = sent
            .json()
            .await
            .map_err(|e| failed("Runtime.HandlerError", e.to_string()))?;
        if good {
            return Ok(answer);
        }
        let text = |member: &str| answer.get(member).and_then(Value::as_str);
        Err(failed(
            text("errorType").unwrap_or("Runtime.HandlerError"),
            text("errorMessage").unwrap_or_default().to_owned(),
        ))
    }
}

impl Functions for InProcess {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let _ = self
                .complete
                .subscribe()
                .wait_for(|complete| *complete)
                .await
                .map(drop);
            if let Some((app, handler)) = self.find(&invocation.function) {
                let invoked = handler
                    .invoke(app, invocation.payload, invocation.request_id)
                    .await;
                return invoked.map_err(|error| FunctionError {
                    name: error.name.into_owned(),
                    message: error.cause,
                });
            }
            match invocation.environment.get(CALLBACK) {
                Some(url) => self.call_back(url, &invocation).await,
                None => Err(FunctionError {
                    name: "Runtime.NoHandler".to_owned(),
                    message: format!("nothing runs the function {}", invocation.function),
                }),
            }
        })
    }
}
