//! Writing down the nodes that an execution passed.

use domain::Result;
use jiff::Timestamp;
use runtime::App;
use store::instances::StepRow;

use crate::execution::{Header, PathEntry};

/// Writes the passed nodes of `path`, entered and left at once.
pub async fn write(app: &App, header: &Header, path: &[PathEntry], at: Timestamp) -> Result<()> {
    write_rows(app, header, rows(path, at)).await
}

pub(crate) async fn write_rows(app: &App, header: &Header, rows: Vec<StepRow>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    app.store.steps_put(&header.tenant, &header.instance, &rows).await
}

pub(crate) fn rows(path: &[PathEntry], at: Timestamp) -> Vec<StepRow> {
    path.iter()
        .map(|entry| StepRow {
            seq: entry.seq,
            node: entry.node.clone(),
            visit: entry.visit,
            iteration: entry.iteration.clone(),
            entered_at: at,
            left_at: Some(at),
        })
        .collect()
}
