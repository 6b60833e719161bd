//! `pflow` as a process: killed, stopped, backed up, refused.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on panics"
)]

mod account;
mod clients;
#[path = "../../../state-machines/asl/tests/common/mod.rs"]
mod common;
mod connections;
mod crash;
mod damage;
mod disk;
mod durable;
mod endpoints;
mod export;
mod keep;
mod pflow;
mod recording;
mod signature;
mod signed;
mod trace;
