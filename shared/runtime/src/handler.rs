//! Event handlers: functions that AWS calls with an event instead of a request. Declared once, like endpoints: from here
//! the Lambda function, what the gateway polls or calls, and the template's function with its event source and policy.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use domain::Language;
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Table;

use crate::app::App;
use crate::envelope::chain;
use crate::grant::{Grant, Queue};
use crate::request::{self, Operation, RequestContext};

/// What makes a handler run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Messages of a queue, in batches, with partial failure.
    Queue(Queue),
    /// Changes of a table, in order, with partial failure.
    Stream(Table),
    /// A state machine's task.
    StateMachine,
    /// Every so many minutes; in the gateway, which has the clock at hand, every so many seconds.
    Schedule { minutes: u32, gateway_seconds: u32 },
}

/// A handler's failure as Lambda and Step Functions see it: `Catch` and `Retry` match the name.
#[derive(Debug)]
pub struct FunctionError {
    pub name: Cow<'static, str>,
    pub cause: String,
}

impl FunctionError {
    /// The error that may pass: state machines try again.
    pub const RETRYABLE: &'static str = "Retryable";
    /// The event is not one that this handler can ever handle.
    pub const BAD_EVENT: &'static str = "BadEvent";
    /// What the event asks for cannot be done, now or later.
    pub const REFUSED: &'static str = "Refused";
}

impl From<domain::Error> for FunctionError {
    fn from(error: domain::Error) -> Self {
        let name = if error.is_transient() {
            Self::RETRYABLE
        } else {
            Self::REFUSED
        };
        Self {
            name: name.into(),
            cause: told(&error),
        }
    }
}

/// The error with its causes; of what is not valid each fault, because nobody but who reads this hears of it.
fn told(error: &domain::Error) -> String {
    let mut told = chain(error);
    for fault in error.details() {
        told.push_str(&format!(
            "; {}: {}",
            fault.pointer,
            fault.message.get(Language::En)
        ));
    }
    told
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self {
            error_type: error.name.into_owned(),
            error_message: error.cause,
        }
    }
}

type Invocation = Pin<Box<dyn Future<Output = Result<Value, FunctionError>> + Send>>;

/// One event handler with all that is declared of it.
#[derive(Clone)]
pub struct Handler {
    pub operation: Arc<Operation>,
    pub trigger: Trigger,
    /// Seconds that one invocation may take.
    pub timeout_seconds: u32,
    invoke: Arc<dyn Fn(App, Value) -> Invocation + Send + Sync>,
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("operation", &self.operation)
            .field("trigger", &self.trigger)
            .finish()
    }
}

impl Handler {
    pub fn new<E, A, F>(id: &str, trigger: Trigger, grants: Vec<Grant>, handle: fn(App, E) -> F) -> Self
    where
        E: DeserializeOwned + Send + 'static,
        A: Serialize,
        F: Future<Output = Result<A, FunctionError>> + Send + 'static,
    {
        let invoke = move |app: App, event: Value| -> Invocation {
            Box::pin(async move {
                let event = serde_json::from_value(event).map_err(|e| FunctionError {
                    name: FunctionError::BAD_EVENT.into(),
                    cause: e.to_string(),
                })?;
                let answer = handle(app, event).await?;
                serde_json::to_value(answer).map_err(|e| FunctionError {
                    name: FunctionError::REFUSED.into(),
                    cause: e.to_string(),
                })
            })
        };
        let operation = Arc::new(Operation {
            id: id.to_owned(),
            grants,
        });
        Self {
            operation,
            trigger,
            timeout_seconds: 30,
            invoke: Arc::new(invoke),
        }
    }

    /// Handles one event, as Lambda would have it handled.
    pub async fn invoke(&self, app: App, event: Value, request_id: String) -> Result<Value, FunctionError> {
        let context = RequestContext {
            id: request_id,
            language: Default::default(),
            operation: Some(Arc::clone(&self.operation)),
        };
        request::scope(context, async move {
            let outcome = (self.invoke)(app, event).await;
            if let Err(error) = &outcome {
                let request_id = request::current().id;
                tracing::error!(
                    request_id,
                    handler = self.operation.id,
                    name = %error.name,
                    error = error.cause,
                    "failed"
                );
            }
            outcome
        })
        .await
    }
}
