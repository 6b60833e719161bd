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
mod connections;
mod crash;
mod damage;
mod disk;
mod durable;
mod endpoints;
mod export;
mod keep;
mod pflow;
mod signature;
mod signed;
mod trace;
