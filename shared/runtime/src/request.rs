//! What is known of the request at hand, wherever the code is: its id, its language, its operation.

use std::future::Future;
use std::sync::Arc;

use domain::text::Language;

use crate::grant::Grant;

/// The request (or event) that is being handled.
#[derive(Debug, Clone)]
pub struct RequestContext {
    pub id: String,
    pub language: Language,
    /// The operation that handles it, once that is known.
    pub operation: Option<Arc<Operation>>,
}

/// What handles a request: an endpoint or an event handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// `verb_resource`: names the file, the binary, the function, the sample event.
    pub id: String,
    /// What it may do with AWS, and nothing else.
    pub grants: Vec<Grant>,
}

tokio::task_local! {
    static CONTEXT: RequestContext;
}

/// Runs a future as the handling of a request.
pub fn scope<F: Future>(context: RequestContext, future: F) -> impl Future<Output = F::Output> {
    CONTEXT.scope(context, future)
}

/// The request at hand; an anonymous one outside of any.
pub fn current() -> RequestContext {
    CONTEXT.try_with(Clone::clone).unwrap_or_else(|_| RequestContext {
        id: "none".to_owned(),
        language: Language::default(),
        operation: None,
    })
}

/// A new request id.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
