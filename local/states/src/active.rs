//! Executions that something is being done to. Only these are in memory; all others are on the disk alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::live::Live;

/// The place of one execution. Whoever holds its lock decides what comes next for it; while a call of the execution is
/// under way its state stays here.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: i64,
    pub(crate) live: tokio::sync::Mutex<Option<Live>>,
    all: Arc<Active>,
}

#[derive(Debug, Default)]
pub(crate) struct Active(Mutex<HashMap<i64, Weak<Slot>>>);

impl Active {
    fn slots(&self) -> MutexGuard<'_, HashMap<i64, Weak<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn slot(self: &Arc<Self>, id: i64) -> Arc<Slot> {
        let mut slots = self.slots();
        if let Some(slot) = slots.get(&id).and_then(Weak::upgrade) {
            return slot;
        }
        let slot = Arc::new(Slot {
            id,
            live: tokio::sync::Mutex::new(None),
            all: Arc::clone(self),
        });
        slots.insert(id, Arc::downgrade(&slot));
        slot
    }

    pub(crate) fn len(&self) -> usize {
        self.slots().len()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut slots = self.all.slots();
        // Another one may have been made in the meantime.
        if slots.get(&self.id).is_some_and(|slot| slot.strong_count() == 0) {
            slots.remove(&self.id);
        }
    }
}
