//! The service on the disk, with virtual time and a host of closures.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod api;
#[path = "../../../../state-machines/asl/tests/common/mod.rs"]
mod asl_tests;
mod crash;
mod executions;
mod kill;
mod kinds;
mod nested;
mod replay;
mod support;
