//! The heart: an execution takes in an event, its step is written, and then its commands are carried out.

use std::sync::Arc;

use asl::{Command, Event, ExecutionContext, Timestamp, start_with_tokens};
use serde_json::Value;

use crate::active::Slot;
use crate::db::activities;
use crate::db::executions::{self, ExecutionRow, NewRow, Step, Then, Waits};
use crate::db::machines::MachineRow;
use crate::error::{AwsError, Error, Result};
use crate::live::Live;
use crate::resource::Resource;
use crate::service::Service;
use crate::token::{ExecutionTokens, TaskId, event_of};
use crate::work::Work;
use crate::{Status, outbox};

/// An execution that shall begin.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) machine: Arc<MachineRow>,
    /// Of the machine, or of a version of it.
    pub(crate) definition: i64,
    pub(crate) role: String,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) name: String,
    pub(crate) input: String,
    pub(crate) value: Value,
    pub(crate) trace: Option<String>,
    /// The task that starts it, and whether it waits for the end.
    pub(crate) parent: Option<(TaskId, Waits)>,
}

#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) arn: String,
    pub(crate) started: i64,
}

/// Why an execution takes in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// The call of this task was answered.
    Answered(u32),
    /// A worker takes this task of an activity.
    Taken(i64),
    /// Something else happened.
    Else,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Done,
    /// The execution has ended.
    Ended,
    /// There is no such execution.
    Unknown,
}

impl Service {
    /// Starts an execution, unless its name is taken: by the same one, which is answered, or by another.
    pub(crate) async fn begin(self: &Arc<Self>, new: Beginning) -> Result<Begun> {
        let definition = self.catalog.definition(&self.db, new.definition).await?;
        let now = self.clock.now();
        let id = self.new_id(now);
        let arn = self.execution_arn(&new, id);
        let context = self.context(&new, &arn, now)?;
        let slot = self.active.slot(id);
        let mut held = slot.live.lock().await;
        let tokens = ExecutionTokens::new(&self.key, id);
        let (execution, commands) = start_with_tokens(&definition.machine, new.value, context, tokens);
        let mut live = Live {
            id,
            machine_name: new.machine.name.clone(),
            express: new.machine.express,
            definition,
            parent: new.parent.map(|(task, _)| task),
            waits: new.parent.map_or(Waits::Not, |(_, waits)| waits),
            execution,
            calls: Vec::new(),
            wake_at: None,
            in_memory: None,
        };
        let mut step = live.step(&commands, Because::Else, now, &*self.host)?;
        if !live.express && self.host.listens_to(Status::Running) {
            step.tell.insert(0, Status::Running.code());
        }
        let row = NewRow {
            id,
            machine: new.machine.id,
            definition: new.definition,
            // Express executions may share a name.
            name: if live.express {
                format!("{}:{}", new.name, express_id(id))
            } else {
                new.name
            },
            started: now.milliseconds(),
            parent: live.parent,
            waits: live.waits,
            version: new.version,
            alias: new.alias,
            trace: new.trace,
            input: new.input,
        };
        let wake_at = step.wake_at.flatten();
        let written = self.db.write(move |db| {
            let written = executions::insert(db, &row, &step)?;
            Ok((written, row, step))
        });
        match written.await? {
            (Ok(told), row, step) => {
                self.follow(&slot, &live, commands, wake_at);
                self.tell_begin(&new.machine.name, &new.role, &live, row, step, &told);
                if live.execution.outcome().is_none() {
                    *held = Some(live);
                }
                Ok(Begun {
                    arn,
                    started: now.milliseconds(),
                })
            }
            (Err(namesake), row, _) => {
                let same_task = row.parent.is_some() && row.parent == namesake.parent;
                if same_task || (namesake.running && same_json(&namesake.input, &row.input)) {
                    return Ok(Begun {
                        arn,
                        started: namesake.started,
                    });
                }
                Err(AwsError::about("ExecutionAlreadyExists", &arn).into())
            }
        }
    }

    fn execution_arn(&self, new: &Beginning, id: i64) -> String {
        if new.machine.express {
            self.partition
                .express(&new.machine.name, &new.name, &express_id(id))
        } else {
            self.partition.execution(&new.machine.name, &new.name)
        }
    }

    pub(crate) fn context(&self, new: &Beginning, arn: &str, now: Timestamp) -> Result<ExecutionContext> {
        Ok(ExecutionContext {
            id: arn.to_owned(),
            name: new.name.clone(),
            role_arn: Some(new.role.clone()),
            started: now,
            state_machine_id: self.partition.machine(&new.machine.name),
            state_machine_name: new.machine.name.clone(),
            redrive_count: (!new.machine.express).then_some(0),
            seed: getrandom::u64().map_err(Error::Random)?,
        })
    }

    /// Lets an execution take in what `decide` says, in its turn.
    pub(crate) async fn change<D>(self: &Arc<Self>, id: i64, because: Because, decide: D) -> Result<Changed>
    where
        D: FnOnce(&Live) -> std::result::Result<Vec<Event>, AwsError>,
    {
        let slot = self.active.slot(id);
        let mut held = slot.live.lock().await;
        if held.is_none() {
            match self.load(id).await? {
                Loaded::Live(live) => *held = Some(*live),
                Loaded::Ended => return Ok(Changed::Ended),
                Loaded::Unknown => return Ok(Changed::Unknown),
            }
        }
        let Some(live) = held.as_mut() else {
            return Ok(Changed::Unknown);
        };
        let deleted = self.is_deleted(&live.machine_name.clone()).await?;
        let mut events = decide(live)?;
        if deleted {
            events = vec![Event::Stop {
                error: None,
                cause: None,
            }];
        }
        let now = self.clock.now();
        if live.in_memory.is_some() {
            let commands = live.take_in(now, events);
            self.go_on_in_memory(&slot, live, commands);
            if live.execution.outcome().is_some() {
                *held = None;
            }
            return Ok(Changed::Done);
        }
        let calls_before = live.calls.len();
        let is_heartbeat = events
            .iter()
            .any(|event| matches!(event, Event::Heartbeat { .. }));
        let events_before = live.execution.events();
        let commands = live.take_in(now, events);
        let step = live.step(&commands, because, now, &*self.host);
        let unchanged = live.execution.events() == events_before
            && live.calls.len() == calls_before
            && commands.is_empty()
            && !is_heartbeat;
        if unchanged {
            return Ok(Changed::Done);
        }
        let written = match step {
            Ok(step) => {
                let wake_at = step.wake_at.flatten();
                let written = self.db.write(move |db| {
                    let told = executions::apply(db, &step)?;
                    Ok((told, step))
                });
                written.await.map(|written| (written, wake_at))
            }
            Err(error) => Err(error),
        };
        let ((told, step), wake_at) = match written {
            Ok(written) => written,
            Err(error) => {
                // It is ahead of the disk now.
                *held = None;
                return Err(error);
            }
        };
        self.follow(&slot, live, commands, wake_at);
        self.tell_end(live, step, &told);
        if live.execution.outcome().is_some() {
            *held = None;
        }
        Ok(Changed::Done)
    }

    /// Executions of a deleted machine end with whatever happens next.
    async fn is_deleted(&self, machine: &str) -> Result<bool> {
        let machine = self.catalog.machine(&self.db, machine).await?;
        Ok(machine.is_some_and(|machine| machine.deleted))
    }

    pub(crate) async fn load(&self, id: i64) -> Result<Loaded> {
        // One that was in memory only, and is no more.
        if id < 0 {
            return Ok(Loaded::Unknown);
        }
        let stored = self.db.read(move |db| executions::stored(db, id)).await?;
        let Some(mut stored) = stored else {
            return Ok(Loaded::Unknown);
        };
        if stored.status != Status::Running {
            return Ok(Loaded::Ended);
        }
        let state = stored.state.take().unwrap_or_default();
        let definition = self.catalog.definition(&self.db, stored.definition).await?;
        let live = Live::read(id, stored, &state, definition, &self.key)?;
        Ok(Loaded::Live(Box::new(live)))
    }

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

    fn tell_begin(
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

    fn tell_end(self: &Arc<Self>, live: &Live, step: Step, told: &[i64]) {
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
            version: None,
            alias: None,
            trace: None,
            redrives: context.redrive_count.unwrap_or(0),
            redriven: None,
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

    /// Takes up what was under way when the process ended.
    pub(crate) async fn resume(self: &Arc<Self>) -> Result<()> {
        let (calling, untold) = self
            .db
            .read(|db| Ok((executions::calling(db)?, crate::db::outbox::all(db)?)))
            .await?;
        self.db.forget_lost().await?;
        crate::work::resume(self, calling);
        outbox::resume(self, untold);
        Ok(())
    }
}

pub(crate) enum Loaded {
    Live(Box<Live>),
    Ended,
    Unknown,
}

/// What tells express executions of one name apart.
fn express_id(id: i64) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &id.to_be_bytes()).to_string()
}

/// Whether two texts are the same JSON.
fn same_json(left: &str, right: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    left == right || (read(left).is_some() && read(left) == read(right))
}
