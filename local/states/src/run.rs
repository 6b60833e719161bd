//! The heart: an execution takes in an event, its step is written, and then its commands are carried out.

use std::sync::Arc;

use asl::{Event, ExecutionContext, Timestamp, start_with_tokens};
use serde_json::Value;

use crate::active::Slot;
use crate::db::executions::{self, Waits};
use crate::db::machines::MachineRow;
use crate::db::steps::{self, Namesake, NewRow};
use crate::error::{AwsError, Error, Result};
use crate::live::Live;
use crate::service::Service;
use crate::token::{ExecutionTokens, TaskId};
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
    pub(crate) async fn begin(self: &Arc<Self>, mut new: Beginning) -> Result<Begun> {
        let definition = self.catalog.definition(&self.db, new.definition).await?;
        let now = self.clock.now();
        let id = self.new_id(now);
        let arn = self.execution_arn(&new, id);
        let context = self.context(&new, &arn, now)?;
        // Held before its row is there, so that nobody else reads the row and goes on with it.
        let slot = self.active.slot(id);
        let mut held = slot.live.lock().await;
        let tokens = ExecutionTokens::new(&self.key, id);
        let value = std::mem::take(&mut new.value);
        let (execution, commands) = start_with_tokens(&definition.machine, value, context, tokens);
        let mut live = Live {
            id,
            machine_name: new.machine.name.clone(),
            express: new.machine.express,
            definition,
            parent: new.parent.map(|(task, _)| task),
            waits: new.parent.map_or(Waits::Not, |(_, waits)| waits),
            version: new.version,
            alias: new.alias.clone(),
            redriven: None,
            execution,
            calls: Vec::new(),
            wake_at: None,
            in_memory: None,
        };
        let mut step = live.step(&commands, Because::Else, now, &*self.host)?;
        if !live.express && self.host.listens_to(Status::Running) {
            step.tell.insert(0, Status::Running.code());
        }
        let (machine, role) = (Arc::clone(&new.machine), new.role.clone());
        let row = new_row(new, &live, now);
        let wake_at = step.wake_at.flatten();
        let written = self.db.write(move |db| {
            let written = steps::insert(db, &row, &step)?;
            Ok((written, row, step))
        });
        let (told, row, step) = match written.await? {
            (Ok(told), row, step) => (told, row, step),
            (Err(namesake), row, _) => return again(arn, &namesake, &row),
        };
        self.follow(&slot, &live, commands, wake_at);
        self.tell_begin(&machine.name, &role, &live, row, step, &told);
        if live.execution.outcome().is_none() {
            *held = Some(live);
        }
        Ok(Begun {
            arn,
            started: now.milliseconds(),
        })
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
        let gone_on = if live.in_memory.is_some() {
            let commands = live.take_in(self.clock.now(), events);
            self.go_on_in_memory(&slot, live, commands);
            Ok(())
        } else {
            self.go_on(&slot, live, because, events).await
        };
        // One that could not be written is ahead of the disk.
        if gone_on.is_err() || live.execution.outcome().is_some() {
            *held = None;
        }
        gone_on.map(|()| Changed::Done)
    }

    /// Takes events in, writes the step and lets its commands follow.
    async fn go_on(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        live: &mut Live,
        because: Because,
        events: Vec<Event>,
    ) -> Result<()> {
        let now = self.clock.now();
        let (events_before, calls_before) = (live.execution.events(), live.calls.len());
        // It moves a deadline, and tells nothing.
        let is_heartbeat = events
            .iter()
            .any(|event| matches!(event, Event::Heartbeat { .. }));
        let commands = live.take_in(now, events);
        let step = live.step(&commands, because, now, &*self.host)?;
        let unchanged = live.execution.events() == events_before && live.calls.len() == calls_before;
        if unchanged && commands.is_empty() && !is_heartbeat {
            return Ok(());
        }
        let wake_at = step.wake_at.flatten();
        let written = self.db.write(move |db| {
            let told = steps::apply(db, &step)?;
            Ok((told, step))
        });
        let (told, step) = written.await?;
        self.follow(slot, live, commands, wake_at);
        self.tell_end(live, step, &told);
        Ok(())
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

fn new_row(new: Beginning, live: &Live, now: Timestamp) -> NewRow {
    NewRow {
        id: live.id,
        machine: new.machine.id,
        definition: new.definition,
        // Express executions may share a name.
        name: if live.express {
            format!("{}:{}", new.name, express_id(live.id))
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
    }
}

/// The answer where the name is taken: the same start was asked for before, or it is refused.
fn again(arn: String, namesake: &Namesake, row: &NewRow) -> Result<Begun> {
    let same_task = row.parent.is_some() && row.parent == namesake.parent;
    if same_task || (namesake.running && same_json(&namesake.input, &row.input)) {
        return Ok(Begun {
            arn,
            started: namesake.started,
        });
    }
    Err(AwsError::about("ExecutionAlreadyExists", &arn).into())
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
