//! What there is to measure of a home.

use crate::{AwsError, Home};

#[derive(Debug, Clone)]
pub struct Figures {
    pub queues: Vec<QueueFigures>,
    /// That wait in the outbox.
    pub deliveries: i64,
    /// Since the home was opened, by target: `DynamoDB_20120810.PutItem`.
    pub calls: std::collections::BTreeMap<String, u64>,
    /// Since the home was opened.
    pub writes: u64,
    pub commits: u64,
}

/// Messages of a queue.
#[derive(Debug, Clone)]
pub struct QueueFigures {
    pub name: String,
    pub visible: i64,
    pub in_flight: i64,
    pub delayed: i64,
}

impl Home {
    /// # Errors
    ///
    /// The files cannot be read.
    pub async fn figures(&self) -> Result<Figures, AwsError> {
        let counts = self.0.storage.counts();
        let deliveries = self
            .0
            .storage
            .read(|connection| connection.query_row("SELECT COUNT(*) FROM deliveries", [], |row| row.get(0)));
        Ok(Figures {
            queues: self.0.sqs.figures().await?,
            deliveries: deliveries.await?,
            calls: self.0.calls.all(),
            writes: counts.writes,
            commits: counts.commits,
        })
    }
}
