//! What has to be told: status changes to the bus, ends to the tasks that wait for them. Each has a row until it is told.

use std::sync::{Arc, Weak};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::Status;
use crate::arn::Partition;
use crate::busy::Turn;
use crate::db::executions::{self, ExecutionRow};
use crate::db::outbox::{self, PARENT, Untold};
use crate::error::Result;
use crate::service::Service;

/// Data beyond this size, together, is left out of events.
const MAX_DATA: usize = 248 * 1024;

impl Service {
    /// Tells what stands in the outbox under `id` of an execution that has ended.
    pub(crate) fn tell(self: &Arc<Self>, id: i64, kind: i64, row: &ExecutionRow) {
        if kind != PARENT {
            if let Some(status) = Status::from_code(kind) {
                self.tell_bus(id, status_change(&self.partition, row, status));
            }
            return;
        }
        let (service, row) = (Arc::clone(self), row.clone());
        self.spawn(async move {
            while let Err(error) = service.tell_parent(&row).await {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot tell a parent");
                service.pause().await;
            }
            service.has_told(id);
        });
    }

    pub(crate) fn tell_bus(self: &Arc<Self>, id: i64, event: Value) {
        let service = Arc::clone(self);
        self.spawn(async move {
            while let Err(reason) = service.host.status_changed(event.clone()).await {
                tracing::warn!(reason, "the bus did not take a status change; it is sent again");
                service.pause().await;
            }
            service.has_told(id);
        });
    }

    fn has_told(&self, id: i64) {
        // Nobody clears any more: it is told once more after the next start.
        let _ = self.told.send((id, self.busy.turn()));
    }
}

/// Takes what was told out of the outbox, all of it that came together in one write.
pub(crate) async fn clear(service: Weak<Service>, mut tidings: UnboundedReceiver<(i64, Turn)>) {
    while let Some((first, _turn)) = tidings.recv().await {
        let mut ids = vec![first];
        while let Ok((more, _)) = tidings.try_recv() {
            ids.push(more);
        }
        let Some(service) = service.upgrade() else { return };
        if let Err(error) = service.db.write(move |db| outbox::told(db, &ids)).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "told once more after the next start"
            );
        }
    }
}

/// Tells what was not told before the process ended.
pub(crate) fn resume(service: &Arc<Service>, untold: Vec<Untold>) {
    let again = Arc::clone(service);
    if untold.is_empty() {
        return;
    }
    service.spawn(async move {
        for untold in untold {
            if let Err(error) = tell_again(&again, untold).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot tell what was not told"
                );
            }
        }
    });
}

async fn tell_again(service: &Arc<Service>, untold: Untold) -> Result<()> {
    let row = service
        .db
        .read(move |db| executions::by_id(db, untold.execution))
        .await?;
    match row {
        Some(row) => service.tell(untold.id, untold.kind, &row),
        None => service.has_told(untold.id),
    }
    Ok(())
}

/// The event of EventBridge.
pub(crate) fn status_change(partition: &Partition, row: &ExecutionRow, status: Status) -> Value {
    let arn = partition.execution(&row.machine, &row.name);
    let ended = status != Status::Running;
    let at = row.stopped.filter(|_| ended).unwrap_or(row.started);
    let output = row.output.as_deref().filter(|_| ended);
    let fits = row.input.len() + output.map_or(0, str::len) <= MAX_DATA;
    let details = json!({ "included": fits });
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v5(
            &uuid::Uuid::NAMESPACE_OID,
            format!("{}/{}/{}", row.id, row.redrives, status.as_str()).as_bytes(),
        ).to_string(),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": partition.account,
        "time": time(at),
        "region": partition.region,
        "resources": [arn],
        "detail": {
            "executionArn": arn,
            "stateMachineArn": partition.machine(&row.machine),
            "name": row.name,
            "status": status.as_str(),
            "startDate": row.started,
            "stopDate": row.stopped.filter(|_| ended),
            "input": fits.then_some(row.input.as_str()),
            "output": output.filter(|_| fits),
            "inputDetails": details,
            "outputDetails": output.map(|_| details.clone()),
            "error": row.error.as_deref().filter(|_| ended),
            "cause": row.cause.as_deref().filter(|_| ended),
            "stateMachineVersionArn": row.version.map(|version| format!("{}:{version}", partition.machine(&row.machine))),
            "stateMachineAliasArn": row.alias.as_deref().map(|alias| format!("{}:{alias}", partition.machine(&row.machine))),
            "redriveCount": row.redrives,
            "redriveDate": row.redriven,
        },
    })
}

/// To the second, as the bus has it.
fn time(milliseconds: i64) -> String {
    let text = asl::Timestamp::from_milliseconds(milliseconds).to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}
