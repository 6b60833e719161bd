//! Counts what is under way, so that one can wait until nothing is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

#[derive(Debug, Clone, Default)]
pub(crate) struct Busy(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    under_way: AtomicUsize,
    none: Notify,
}

/// Something is under way while this lives.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Count>);

impl Busy {
    pub(crate) fn turn(&self) -> Turn {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        Turn(Arc::clone(&self.0))
    }

    /// Waits until nothing is under way.
    pub(crate) async fn none(&self) {
        loop {
            let none = self.0.none.notified();
            let mut none = std::pin::pin!(none);
            none.as_mut().enable();
            if self.0.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            none.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.none.notify_waiters();
        }
    }
}
