//! Logs: JSON lines with the request id; readable ones on a terminal.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `filter` as in `RUST_LOG`; `info` where it is empty or cannot be read.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start changes nothing.
    let _ = if std::io::stderr().is_terminal() {
        logs.compact().try_init()
    } else {
        logs.json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init()
    };
}
