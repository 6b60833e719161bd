//! Functions that are killed at every one of their calls before they come to their end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use runtime::{App, FunctionError, Handler, Trigger, request};
use serde_json::Value;
use tokio::sync::Notify;

use crate::TestApp;
use crate::fuse::Wire;

tokio::task_local! {
    static LIFE: Arc<Life>;
}

static KILLED: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// One try of a function.
#[derive(Debug)]
struct Life {
    /// AWS calls that it still makes.
    left: AtomicUsize,
    /// Whether the call at which it is killed is still done, its answer never seen.
    done: bool,
    over: Notify,
}

/// Where a function is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    BeforeTheCall,
    AfterTheCall,
}

/// Whether the function in whose task this is is killed at the call that it is about to make.
pub(crate) fn end() -> Option<End> {
    let is_over = |life: &Arc<Life>| {
        let left = life
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.is_err().then_some(if life.done {
            End::AfterTheCall
        } else {
            End::BeforeTheCall
        })
    };
    LIFE.try_with(is_over).ok().flatten()
}

/// The function in whose task this is does nothing more.
pub(crate) async fn die() {
    let _ = LIFE.try_with(|life| life.over.notify_one());
    std::future::pending::<()>().await;
}

/// A platform whose state machines call such functions, on an endpoint that is this process.
pub async fn start() -> TestApp {
    let wire = Wire::new();
    let mut app = TestApp::start_with(|http| wire.around(http)).await;
    let own = app
        .platform
        .gateway()
        .home
        .as_ref()
        .expect("this process is the endpoint");
    for handler in functions::handlers() {
        if handler.trigger == Trigger::StateMachine {
            let id = &handler.operation.id;
            let mortal = Handler::new(id, Trigger::StateMachine, handler.operation.grants.clone(), live);
            let name = format!("{}{id}", app.platform.app.config.prefix);
            own.functions.register(name, app.platform.app.clone(), mortal);
        }
    }
    app.platform.follow().await;
    app
}

/// How often each function was killed in this process.
pub fn killed() -> BTreeMap<String, usize> {
    KILLED.lock().unwrap().clone()
}

/// Runs a function until it is killed no more, each time after one call more: first before, then after the call. Whoever
/// called it hears of the last try alone, as after a crash of the machine that it ran on.
async fn live(app: App, event: Value) -> Result<Value, FunctionError> {
    let context = request::current();
    let id = context
        .operation
        .map(|operation| operation.id.clone())
        .unwrap_or_default();
    let handlers = functions::handlers();
    let handler = handlers
        .iter()
        .find(|found| found.operation.id == id)
        .expect("it is one of them");
    for done in [false, true] {
        for calls in 0.. {
            let life = Arc::new(Life {
                left: AtomicUsize::new(calls),
                done,
                over: Notify::new(),
            });
            let whole = handler.invoke(app.clone(), event.clone(), context.id.clone());
            tokio::select! {
                answer = LIFE.scope(Arc::clone(&life), whole) => if done || answer.is_err() { return answer } else { break },
                () = life.over.notified() => { *KILLED.lock().unwrap().entry(id.clone()).or_default() += 1; }
            }
        }
    }
    unreachable!()
}
