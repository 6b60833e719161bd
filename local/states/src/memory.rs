//! Executions that are in memory only: synchronous express executions, and the children of distributed Maps. They go on
//! as all others do, but no step of theirs is written, and they end with the process.

use std::sync::Arc;

use asl::{Command, ExecutionContext, Outcome, start_with_tokens};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::active::Slot;
use crate::catalog::Definition;
use crate::db::executions::Waits;
use crate::live::Live;
use crate::service::Service;
use crate::token::ExecutionTokens;

impl Service {
    /// Runs an execution to its end. Who stops waiting ends it.
    pub(crate) async fn run_in_memory(
        self: &Arc<Self>,
        definition: Arc<Definition>,
        context: ExecutionContext,
        input: Value,
    ) -> Outcome {
        // Never the id of one that is on the disk.
        let id = -self.new_id(context.started);
        let slot = self.active.slot(id);
        let mut held = slot.live.lock().await;
        let tokens = ExecutionTokens::new(&self.key, id);
        let name = context.state_machine_name.clone();
        let (execution, commands) = start_with_tokens(&definition.machine, input, context, tokens);
        let (sender, end) = oneshot::channel();
        let mut live = Live {
            id,
            machine_name: name,
            express: true,
            definition,
            parent: None,
            waits: Waits::Not,
            version: None,
            alias: None,
            redriven: None,
            execution,
            calls: Vec::new(),
            wake_at: None,
            in_memory: Some(sender),
        };
        self.go_on_in_memory(&slot, &mut live, commands);
        if live.execution.outcome().is_none() {
            *held = Some(live);
        }
        drop(held);
        end.await.unwrap_or(Outcome::Aborted {
            error: None,
            cause: None,
        })
    }

    /// Carries out what came of an event.
    pub(crate) fn go_on_in_memory(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        live: &mut Live,
        commands: Vec<Command>,
    ) {
        // Nobody can ask for it.
        drop(live.execution.take_history());
        let wake_at = live.execution.wake_at().map(asl::Timestamp::milliseconds);
        let changed = wake_at.filter(|_| wake_at != live.wake_at);
        live.wake_at = wake_at;
        self.follow(slot, live, commands, changed);
        if let Some(outcome) = live.execution.outcome()
            && let Some(waiting) = live.in_memory.take()
        {
            // Who waited may have gone.
            let _ = waiting.send(outcome.clone());
        }
    }
}
