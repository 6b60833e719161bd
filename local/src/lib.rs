//! The gateway: the platform in one process, on any endpoint that answers the AWS APIs.
//!
//! The endpoint is another program, or this process itself ([`home`]).
//!
//! It serves every endpoint over HTTP, polls the queues and streams and runs their handlers, runs the schedules, and
//! takes the calls that state machines make of functions. The functions are the same as on AWS.

pub mod administrator;
pub mod backup;
pub mod clients;
pub mod data;
pub mod doctor;
pub mod environment;
pub mod export;
mod gateway;
pub mod home;
pub mod invocations;
pub mod metrics;
pub mod platform;
pub mod provision;
pub mod queues;
pub mod schedules;
pub mod secrets;
pub mod streams;

pub use platform::{Endpoint, Options, Platform, prepare};
