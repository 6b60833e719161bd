//! What follows a step once it is on the disk: commands are carried out, and what happened is told.

use std::sync::Arc;

use asl::Command;
use serde_json::Value;

use crate::active::Slot;
use crate::db::activities;
use crate::db::executions::ExecutionRow;
use crate::db::steps::{NewRow, Step, Then};
use crate::live::Live;
use crate::resource::Resource;
use crate::service::Service;
use crate::token::{TaskId, event_of};
use crate::work::Work;
use crate::{Status, outbox};

impl Service {
    /// Carries out commands, which are on the disk now.
    pub(crate) fn follow(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        live: &Live,
        commands: Vec<Command>,
        wake_at: Option<i64>,
    ) {
        if let Some(wake_at) = wake_at {
            match live.in_memory {
                None => self.timer.schedule(wake_at),
                Some(_) => self.timer.schedule_in_memory(wake_at, live.id),
            }
        }
        for command in commands {
            match command {
                Command::ScheduleTask {
                    token,
                    state,
                    resource,
                    arguments,
                    ..
                } => {
                    let Some(task) = event_of(&token) else { continue };
                    match Resource::parse(&resource) {
                        Resource::Activity => {
                            self.offer(live.in_memory.is_some(), live.id, task, resource, &arguments);
                        }
                        meant => self.do_work(Work {
                            slot: Arc::clone(slot),
                            task,
                            token,
                            execution: live.arn().to_owned(),
                            state,
                            function: resource,
                            resource: meant,
                            arguments,
                        }),
                    }
                }
                Command::CancelTask { token } => self.cancel(live, &token),
                Command::StartMapRun { .. } => {
                    self.run_map(slot, &live.definition.machine, live.execution.context(), command)
                }
                _ => {}
            }
        }
    }

    /// Tells workers that there is a task for them.
    fn offer(self: &Arc<Self>, in_memory: bool, id: i64, task: u32, activity: String, input: &Value) {
        if !in_memory {
            self.offered.notify_waiters();
            return;
        }
        let (service, input) = (Arc::clone(self), input.to_string());
        self.spawn(async move {
            let offer = move |db: &_| activities::offer(db, &activity, id, task, &input);
            match service.db.write(offer).await {
                Ok(_) => service.offered.notify_waiters(),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot offer a task");
                }
            }
        });
    }

    /// Nobody waits for a task any more. Calls under way go on, and nobody hears of their outcome.
    fn cancel(self: &Arc<Self>, live: &Live, token: &str) {
        let Some(event) = event_of(token) else { return };
        if live.definition.waits_for_executions {
            self.stop_children(live.id, event);
        }
        if live.definition.distributes {
            self.map_runs.cancel(TaskId {
                execution: live.id,
                event,
            });
        }
    }

    pub(crate) fn tell_begin(
        self: &Arc<Self>,
        machine: &str,
        role: &str,
        live: &Live,
        row: NewRow,
        step: Step,
        told: &[i64],
    ) {
        if told.is_empty() {
            return;
        }
        let mut begun = ExecutionRow {
            id: row.id,
            machine: machine.to_owned(),
            name: row.name,
            express: live.express,
            definition: row.definition,
            role: role.to_owned(),
            status: Status::Running,
            started: row.started,
            stopped: None,
            version: row.version,
            alias: row.alias,
            trace: row.trace,
            redrives: 0,
            redriven: None,
            parent: row.parent,
            waits: row.waits,
            input: row.input,
            output: None,
            error: None,
            cause: None,
        };
        let mut told = step.tell.iter().zip(told).peekable();
        if let Some((_, id)) = told.next_if(|(kind, _)| **kind == Status::Running.code()) {
            self.tell_bus(
                *id,
                outbox::status_change(&self.partition, &begun, Status::Running),
            );
        }
        if let Then::End(end) = step.then {
            begun.finish(*end);
        }
        for (kind, id) in told {
            self.tell(*id, *kind, &begun);
        }
    }

    pub(crate) fn tell_end(self: &Arc<Self>, live: &Live, step: Step, told: &[i64]) {
        if told.is_empty() {
            return;
        }
        let context = live.execution.context();
        let mut ended = ExecutionRow {
            id: live.id,
            machine: live.machine_name.clone(),
            name: context.name.clone(),
            express: live.express,
            definition: live.definition.id,
            role: context.role_arn.clone().unwrap_or_default(),
            status: Status::Running,
            started: context.started.milliseconds(),
            stopped: None,
            version: live.version,
            alias: live.alias.clone(),
            trace: None,
            redrives: context.redrive_count.unwrap_or(0),
            redriven: live.redriven,
            parent: live.parent,
            waits: live.waits,
            input: live.execution.input().to_string(),
            output: None,
            error: None,
            cause: None,
        };
        if let Then::End(end) = step.then {
            ended.finish(*end);
        }
        for (kind, id) in step.tell.iter().zip(told) {
            self.tell(*id, *kind, &ended);
        }
    }
}
