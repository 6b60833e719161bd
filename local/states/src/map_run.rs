//! Distributed Maps. The run is on the disk, and so is what came of each child that has ended; children under way are in
//! memory, and begin anew after a restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use asl::{Command, Event, ExecutionContext, Machine, Outcome, simulate};
use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};

use crate::active::Slot;
use crate::catalog::Definition;
use crate::db::map_runs;
use crate::error::{Error, Result};
use crate::host::TaskError;
use crate::run::Because;
use crate::service::Service;
use crate::token::{TaskId, event_of};

/// Most children at a time, where the Map does not say less.
const MAX_CHILDREN: usize = 1000;

/// Those under way, so that they can be ended.
#[derive(Debug, Default)]
pub(crate) struct MapRuns(Mutex<HashMap<TaskId, AbortHandle>>);

impl MapRuns {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TaskId, AbortHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends one that nobody waits for any more.
    pub(crate) fn cancel(&self, task: TaskId) {
        if let Some(run) = self.lock().remove(&task) {
            run.abort();
        }
    }
}

/// What a run is asked for.
struct MapRun {
    service: Arc<Service>,
    id: TaskId,
    child: Arc<Definition>,
    context: ExecutionContext,
    state: String,
    items: Option<Vec<Value>>,
    batcher: Option<Value>,
    most_at_once: usize,
    tolerated: Tolerated,
}

#[derive(Debug, Clone, Copy)]
struct Tolerated {
    count: Option<u64>,
    percentage: Option<f64>,
}

impl Tolerated {
    fn allows(self, failed: u64, all: usize) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a Map has at most some millions of items"
        )]
        let percentage = failed as f64 * 100.0 / all.max(1) as f64;
        failed <= self.count.unwrap_or(0) || self.percentage.is_some_and(|most| percentage <= most)
    }
}

impl Service {
    /// Notes what came of a child, until it is on the disk.
    async fn note_child(&self, id: TaskId, index: usize, output: Option<&Value>) {
        let output = output.map(Value::to_string);
        loop {
            let output = output.clone();
            let note = move |db: &_| map_runs::note(db, id, index, output.as_deref());
            let Err(error) = self.db.write(note).await else {
                return;
            };
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot note the end of a child"
            );
            self.pause().await;
        }
    }

    pub(crate) fn run_map(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        machine: &Arc<Machine>,
        context: &ExecutionContext,
        command: Command,
    ) {
        let Command::StartMapRun {
            token,
            state,
            items,
            reader,
            batcher,
            writer,
            max_concurrency,
            tolerated_failure_count,
            tolerated_failure_percentage,
        } = command
        else {
            return;
        };
        let (Some(task), Some(child)) = (event_of(&token), machine.child(&state)) else {
            return;
        };
        let (service, slot) = (Arc::clone(self), Arc::clone(slot));
        let id = TaskId {
            execution: slot.id,
            event: task,
        };
        let run = MapRun {
            id,
            child: Arc::new(Definition::of_child(child)),
            context: context.clone(),
            state,
            items,
            batcher,
            most_at_once: usize::try_from(max_concurrency)
                .ok()
                .filter(|most| *most > 0)
                .map_or(MAX_CHILDREN, |most| most.min(MAX_CHILDREN)),
            tolerated: Tolerated {
                count: tolerated_failure_count,
                percentage: tolerated_failure_percentage,
            },
            service: Arc::clone(self),
        };
        let turn = self.busy.turn();
        // Held, so that its end does not come before its beginning is noted.
        let mut all = self.map_runs.lock();
        let running = tokio::spawn(async move {
            let _turn = turn;
            let unsupported = match (reader, writer) {
                (Some(_), _) => Some("An ItemReader"),
                (None, Some(_)) => Some("A ResultWriter"),
                (None, None) => None,
            };
            run.carry_out(&slot, token, unsupported).await;
            service.map_runs.lock().remove(&id);
        });
        all.insert(id, running.abort_handle());
    }
}

impl MapRun {
    async fn carry_out(self, slot: &Slot, token: String, unsupported: Option<&str>) {
        let unique = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, token.as_bytes());
        let map_run_arn = self.service.partition.map_run(
            &self.context.state_machine_name,
            &self.state,
            &unique.to_string(),
        );
        let started = Event::MapRunStarted {
            token: token.clone(),
            map_run_arn: map_run_arn.clone(),
        };
        self.service.report(slot.id, Because::Else, started).await;
        let ended = match unsupported {
            Some(what) => Err(TaskError::new(
                "States.Runtime",
                format!("{what} of a distributed Map is not supported by this endpoint"),
            )),
            None => self.children(&map_run_arn).await,
        };
        let event = match ended {
            Ok(outputs) => Event::MapRunSucceeded {
                token: token.clone(),
                output: outputs.into(),
            },
            Err(TaskError { error, cause }) => Event::MapRunFailed {
                token: token.clone(),
                error: Some(error),
                cause: Some(cause),
            },
        };
        let because = event_of(&token).map_or(Because::Else, Because::Answered);
        self.service.report(slot.id, because, event).await;
        let id = self.id;
        if let Err(error) = self.service.db.write(move |db| map_runs::forget(db, id)).await {
            // They go with the execution.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the children of a Map are left"
            );
        }
    }

    /// Runs a child for each item, or batch of items; the outputs in the order of the items.
    async fn children(&self, arn: &str) -> std::result::Result<Vec<Value>, TaskError> {
        let items = self.items.clone().unwrap_or_default();
        let inputs = simulate::batches(&items, self.batcher.as_ref());
        let all = inputs.len();
        let mut running = JoinSet::new();
        let mut outputs: Vec<Option<Value>> = vec![None; all];
        let mut failed = 0;
        let ended = self.ended().await;
        for (index, output) in &ended {
            failed += u64::from(output.is_none());
            if let Some(place) = outputs.get_mut(*index) {
                place.clone_from(output);
            }
        }
        let mut waiting = inputs
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !ended.contains_key(index));
        while self.tolerated.allows(failed, all) {
            while running.len() < self.most_at_once
                && let Some((index, input)) = waiting.next()
            {
                let (service, child, id) = (Arc::clone(&self.service), Arc::clone(&self.child), self.id);
                let context = self
                    .context_of_child(arn, index)
                    .map_err(|error| TaskError::new("States.Runtime", error.to_string()))?;
                running.spawn(async move {
                    let output = match service.run_in_memory(child, context, input).await {
                        Outcome::Succeeded { output } => Some(output),
                        _ => None,
                    };
                    service.note_child(id, index, output.as_ref()).await;
                    (index, output)
                });
            }
            match running.join_next().await {
                None => return Ok(outputs.into_iter().flatten().collect()),
                Some(Ok((index, Some(output)))) => {
                    if let Some(place) = outputs.get_mut(index) {
                        *place = Some(output);
                    }
                }
                Some(_) => failed += 1,
            }
        }
        Err(TaskError::new(
            "States.ExceedToleratedFailureThreshold",
            "The specified tolerated failure threshold was exceeded",
        ))
    }

    /// Children that had ended before the process did, with their outputs.
    async fn ended(&self) -> HashMap<usize, Option<Value>> {
        let id = self.id;
        loop {
            match self.service.db.read(move |db| map_runs::ended(db, id)).await {
                Ok(ended) => {
                    let parsed =
                        |output: Option<String>| output.and_then(|text| serde_json::from_str(&text).ok());
                    return ended
                        .into_iter()
                        .map(|(index, output)| (index, parsed(output)))
                        .collect();
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "cannot read the children of a Map"
                    );
                    self.service.pause().await;
                }
            }
        }
    }

    fn context_of_child(&self, arn: &str, index: usize) -> Result<ExecutionContext> {
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{arn}/{index}").as_bytes());
        let machine = format!("{}/{}", self.context.state_machine_name, self.state);
        Ok(ExecutionContext {
            id: self.service.partition.execution(&machine, &name.to_string()),
            name: name.to_string(),
            role_arn: self.context.role_arn.clone(),
            started: self.service.clock.now(),
            state_machine_id: self.service.partition.machine(&machine),
            state_machine_name: self.context.state_machine_name.clone(),
            redrive_count: Some(0),
            seed: getrandom::u64().map_err(Error::Random)?,
        })
    }
}
