//! Runs the schedules, as EventBridge does on AWS.

use std::time::Duration;

use aws::Stop;
use runtime::{App, Handler};
use serde_json::json;

/// Runs a handler every so many seconds, until it is stopped; at once the first time, and then over everything: what happened
/// while this process was not running has been missed by nobody else.
pub async fn run(app: App, handler: Handler, seconds: u32, mut stop: Stop) {
    let mut ticks = tokio::time::interval(Duration::from_secs(u64::from(seconds)));
    let mut event = json!({ "all": true });
    loop {
        tokio::select! {
            () = aws::stopped(&mut stop) => return,
            _ = ticks.tick() => {}
        }
        // A failure is logged by the handler; the next run comes.
        let _ = handler
            .invoke(app.clone(), event, runtime::request::new_id())
            .await;
        event = json!({});
    }
}
