//! The service on the disk, with virtual time and a host of closures.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod executions;
mod support;
