//! Wakes executions when something of them is due. The index of the table is the only list of who is due when; here
//! is only the first instant of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use asl::{Event, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::db::executions;
use crate::error::Result;
use crate::run::Because;
use crate::service::Service;

/// How many executions are woken at a time.
const BATCH: usize = 512;

#[derive(Debug)]
pub(crate) struct Timer {
    /// No instant before this one has been asked for since the index was looked at.
    next: Mutex<Option<i64>>,
    sooner: Notify,
    /// Executions that are in memory only, by when something is due.
    in_memory: Mutex<BTreeSet<(i64, i64)>>,
}

impl Default for Timer {
    fn default() -> Self {
        Self {
            // Nobody has looked yet.
            next: Mutex::new(Some(i64::MIN)),
            sooner: Notify::new(),
            in_memory: Mutex::default(),
        }
    }
}

impl Timer {
    fn lock(&self) -> MutexGuard<'_, Option<i64>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next(&self) -> Option<i64> {
        *self.lock()
    }

    /// Something is due at this instant, and on the disk.
    pub(crate) fn schedule(&self, at: i64) {
        let mut next = self.lock();
        if next.is_none_or(|next| at < next) {
            *next = Some(at);
            self.sooner.notify_one();
        }
    }

    fn in_memory(&self) -> MutexGuard<'_, BTreeSet<(i64, i64)>> {
        self.in_memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn schedule_in_memory(&self, at: i64, id: i64) {
        self.in_memory().insert((at, id));
        self.schedule(at);
    }

    /// Of those in memory, who is due; and when the next is.
    fn due_in_memory(&self, now: i64) -> (Vec<i64>, Option<i64>) {
        let mut waiting = self.in_memory();
        let later = waiting.split_off(&(now.saturating_add(1), i64::MIN));
        let due = std::mem::replace(&mut *waiting, later);
        let next = waiting.first().map(|(at, _)| *at);
        (due.into_iter().map(|(_, id)| id).collect(), next)
    }
}

pub(crate) async fn run(service: Weak<Service>) {
    loop {
        let Some(service) = service.upgrade() else { return };
        if let Err(error) = wake_all(&service).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot look for what is due"
            );
            service.pause().await;
            continue;
        }
        let next = service.timer.next().map(Timestamp::from_milliseconds);
        let sooner = service.timer.sooner.notified();
        match next {
            Some(next) => tokio::select! {
                () = service.clock.sleep_until(next) => {}
                () = sooner => {}
            },
            None => sooner.await,
        }
    }
}

/// Wakes what is due, and notes when the next is.
async fn wake_all(service: &Arc<Service>) -> Result<()> {
    loop {
        let now = service.clock.now().milliseconds();
        if service.timer.next().is_none_or(|next| next > now) {
            return Ok(());
        }
        let _turn = service.busy.turn();
        let (in_memory, next_in_memory) = service.timer.due_in_memory(now);
        let mut due = service.db.read(move |db| executions::due(db, now, BATCH)).await?;
        due.extend(in_memory);
        if due.is_empty() {
            // What is scheduled from here on is compared with nothing, so that it is not missed.
            *service.timer.lock() = None;
            let next = service.db.read(executions::next_due).await?;
            for next in [next, next_in_memory].into_iter().flatten() {
                service.timer.schedule(next);
            }
            continue;
        }
        let mut woken = JoinSet::new();
        for id in due {
            let service = Arc::clone(service);
            woken.spawn(async move {
                if let Err(error) = service.change(id, Because::Else, |_| Ok(vec![Event::Time])).await {
                    tracing::error!(
                        execution = id,
                        error = &error as &dyn std::error::Error,
                        "cannot wake an execution"
                    );
                    service.pause().await;
                }
            });
        }
        while woken.join_next().await.is_some() {}
    }
}
