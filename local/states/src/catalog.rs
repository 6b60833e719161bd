//! State machines and their definitions, remembered: a definition never changes, and a machine changes here only.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Machine;
use asl::types::StateMachine;
use lru::LruCache;

use crate::db::Db;
use crate::db::machines::{self, MachineRow};
use crate::error::{Error, Result};

/// A definition that can run.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) id: i64,
    pub(crate) machine: Arc<Machine>,
    /// Whether executions of it may wait for executions that they started.
    pub(crate) waits_for_executions: bool,
    /// Whether it has distributed Maps.
    pub(crate) distributes: bool,
}

impl Definition {
    pub(crate) fn read(id: i64, text: &str) -> Result<Self> {
        let parsed = StateMachine::parse(text).map_err(|e| Error::unreadable("a definition", e))?;
        let machine = Machine::new(&parsed).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Error::unreadable("a definition", all.join("; "))
        })?;
        Ok(Self {
            id,
            machine: Arc::new(machine),
            waits_for_executions: text.contains("states:startExecution.sync"),
            distributes: text.contains("DISTRIBUTED"),
        })
    }
}

impl Definition {
    /// The processor of a distributed Map.
    pub(crate) fn of_child(machine: Arc<Machine>) -> Self {
        Self {
            id: 0,
            machine,
            waits_for_executions: true,
            distributes: true,
        }
    }
}

/// Most definitions and machines that are remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

#[derive(Debug)]
pub(crate) struct Catalog {
    definitions: Mutex<LruCache<i64, Arc<Definition>>>,
    machines: Mutex<Machines>,
}

#[derive(Debug)]
struct Machines {
    by_name: LruCache<String, Arc<MachineRow>>,
    /// Counts changes, so that what was read before one is not remembered after it.
    generation: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catalog {
    pub(crate) fn new() -> Self {
        Self {
            definitions: Mutex::new(LruCache::new(REMEMBERED)),
            machines: Mutex::new(Machines {
                by_name: LruCache::new(REMEMBERED),
                generation: 0,
            }),
        }
    }

    pub(crate) async fn definition(&self, db: &Db, id: i64) -> Result<Arc<Definition>> {
        if let Some(known) = lock(&self.definitions).get(&id) {
            return Ok(Arc::clone(known));
        }
        let text = db.read(move |db| machines::definition(db, id)).await?;
        let text = text.ok_or_else(|| Error::unreadable("a definition", "it is not there"))?;
        let definition = Arc::new(Definition::read(id, &text)?);
        lock(&self.definitions).put(id, Arc::clone(&definition));
        Ok(definition)
    }

    /// A machine by name, also a deleted one.
    pub(crate) async fn machine(&self, db: &Db, name: &str) -> Result<Option<Arc<MachineRow>>> {
        let generation = {
            let mut machines = lock(&self.machines);
            if let Some(known) = machines.by_name.get(name) {
                return Ok(Some(Arc::clone(known)));
            }
            machines.generation
        };
        let owned = name.to_owned();
        let found = db.read(move |db| machines::by_name(db, &owned)).await?;
        let found = found.map(Arc::new);
        let mut machines = lock(&self.machines);
        if let Some(found) = found.as_ref().filter(|_| machines.generation == generation) {
            machines.by_name.put(name.to_owned(), Arc::clone(found));
        }
        Ok(found)
    }

    /// Changes a machine: `change` gets what stands under the name and gives what shall, or why not.
    pub(crate) async fn change<T, E>(
        &self,
        db: &Db,
        name: &str,
        change: impl FnOnce(
            &storage::rusqlite::Connection,
            Option<MachineRow>,
        ) -> storage::rusqlite::Result<std::result::Result<(MachineRow, T), E>>
        + Send
        + 'static,
    ) -> Result<std::result::Result<(MachineRow, T), E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let owned = name.to_owned();
        let changed = db.write(move |db| {
            let before = machines::by_name(db, &owned)?;
            match change(db, before)? {
                Ok((machine, more)) => Ok(Ok((machines::put(db, &machine)?, more))),
                Err(refused) => Ok(Err(refused)),
            }
        });
        let changed = changed.await?;
        let mut machines = lock(&self.machines);
        machines.generation += 1;
        machines.by_name.pop(name);
        Ok(changed)
    }
}
