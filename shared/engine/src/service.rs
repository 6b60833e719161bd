//! Calls of services by state machines.

use domain::Result;
use domain::id::Iteration;
use jiff::Timestamp;
use runtime::{App, clock};
use serde::Deserialize;
use store::instances::StepRow;

use crate::execution::{Header, PathEntry};
use crate::steps;

/// A state machine calls a service.
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceCall {
    #[serde(flatten)]
    pub header: Header,
    pub node: String,
    pub visit: u32,
    pub seq: u32,
    #[serde(default)]
    pub iteration: Option<Iteration>,
    pub path: Vec<PathEntry>,
    /// The same for every try of this visit: whatever the service does, it does once under this key.
    pub idempotency_key: String,
}

impl ServiceCall {
    /// Writes down the nodes passed before the service, and the service itself as done.
    pub async fn done(&self, app: &App, entered_at: Timestamp) -> Result<()> {
        let mut rows = steps::rows(&self.path, entered_at);
        rows.push(StepRow {
            seq: self.seq,
            node: self.node.clone(),
            visit: self.visit,
            iteration: self.iteration.clone(),
            entered_at,
            left_at: Some(clock::now()),
        });
        steps::write_rows(app, &self.header, rows).await
    }
}
