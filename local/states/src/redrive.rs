//! Beginning again what did not succeed.

use std::sync::Arc;

use asl::Timestamp;

use crate::Status;
use crate::db::executions::{self, ExecutionRow};
use crate::db::steps::{self, Then};
use crate::error::{AwsError, Result};
use crate::live::Live;
use crate::outbox;
use crate::run::Because;
use crate::service::Service;

impl Service {
    pub(crate) async fn redrive(self: &Arc<Self>, row: ExecutionRow) -> Result<Timestamp> {
        let id = row.id;
        let slot = self.active.slot(id);
        let mut held = slot.live.lock().await;
        let gone = || AwsError::new("ExecutionNotRedrivable", "Execution cannot be redriven");
        let stored = self.db.read(move |db| executions::stored(db, id)).await?;
        let mut stored = stored.ok_or_else(gone)?;
        let state = stored.state.take().filter(|_| stored.status != Status::Running);
        let state = state.ok_or_else(gone)?;
        let definition = self.catalog.definition(&self.db, stored.definition).await?;
        let mut live = Live::read(id, stored, &state, Arc::clone(&definition), &self.key)?;
        let now = self.clock.now();
        live.redriven = Some(now.milliseconds());
        let commands = live.execution.redrive(&definition.machine, now);
        let mut step = live.step(&commands, Because::Else, now, &*self.host)?;
        if self.host.listens_to(Status::Running) {
            step.tell.insert(0, Status::Running.code());
        }
        let wake_at = step.wake_at.flatten();
        let at = now.milliseconds();
        let written = self.db.write(move |db| {
            steps::redrive(db, id, at)?;
            let told = steps::apply(db, &step)?;
            Ok((told, step))
        });
        let (told, step) = written.await?;
        self.follow(&slot, &live, commands, wake_at);
        let mut running = ExecutionRow {
            status: Status::Running,
            stopped: None,
            output: None,
            error: None,
            cause: None,
            redrives: row.redrives.saturating_add(1),
            redriven: Some(at),
            ..row
        };
        let mut told = step.tell.iter().zip(&told).peekable();
        if self.host.listens_to(Status::Running)
            && let Some((_, outbox_id)) = told.next()
        {
            let event = outbox::status_change(&self.partition, &running, Status::Running);
            self.tell_bus(*outbox_id, event);
        }
        if let Then::End(end) = step.then {
            running.finish(*end);
        }
        for (kind, outbox_id) in told {
            self.tell(*outbox_id, *kind, &running);
        }
        if live.execution.outcome().is_none() {
            *held = Some(live);
        }
        Ok(now)
    }
}
