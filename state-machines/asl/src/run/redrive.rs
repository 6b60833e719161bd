//! Going on with an execution that did not succeed, from where it failed.

use super::engine::Engine;
use super::execution::Execution;
use super::frame::Activity;
use super::history::EventKind;
use super::{Command, Outcome, Timestamp};
use crate::machine::Machine;

impl Execution {
    /// Does again what failed, was ended or timed out, and only that; what succeeded stays. Retries are counted anew, and
    /// the machine's time begins anew. Nothing where the execution runs or has succeeded.
    pub fn redrive(&mut self, machine: &Machine, now: Timestamp) -> Vec<Command> {
        if !self
            .outcome
            .as_ref()
            .is_some_and(|outcome| !matches!(outcome, Outcome::Succeeded { .. }))
        {
            return Vec::new();
        }
        self.outcome = None;
        let redrive_count = self.context.redrive_count.unwrap_or(0).saturating_add(1);
        self.context.redrive_count = Some(redrive_count);
        #[expect(clippy::cast_precision_loss, reason = "a timeout is at most 99999999 seconds")]
        let deadline = machine
            .timeout_seconds
            .map(|seconds| now.plus_seconds(seconds as f64));
        self.deadline = deadline;
        let failed = self.failed.take();
        let last = self.last_event;
        let mut engine = Engine::new(machine, self, now);
        let redriven = engine.record(last, EventKind::ExecutionRedriven { redrive_count });
        let mut again = Vec::new();
        for id in 0..engine.execution.frames.len() {
            let Some(frame) = engine.execution.frame(id) else {
                continue;
            };
            match &frame.activity {
                Activity::Wait { .. } => {}
                Activity::Fanout(fanout) if !fanout.running.is_empty() => {}
                // It stood before its next state when another one failed.
                Activity::Ready if failed != Some(id) => engine.ready(id),
                _ => again.push(id),
            }
        }
        for id in again {
            if let Some(frame) = engine.execution.frame_mut(id) {
                frame.previous = redriven;
                frame.retries.clear();
                frame.retry_count = 0;
            }
            engine.work(id);
        }
        engine.run()
    }
}
