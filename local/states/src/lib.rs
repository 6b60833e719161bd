//! Step Functions as a durable service: the interpreter of `asl`, a database, and a [`Host`] that does the work.
//!
//! Each step of an execution is one write: its state, its new events, its open calls, its timer, and what has to be
//! told. Nothing is answered or begun before its step is on the disk; an outcome is on the disk before the machine goes
//! on. See the README for what that means for callers.

mod active;
mod arn;
mod busy;
mod catalog;
mod clock;
mod db;
mod error;
mod follow;
mod host;
mod json;
mod live;
mod map_run;
mod memory;
mod nested;
mod operations;
mod outbox;
mod redrive;
mod resource;
mod retention;
mod run;
mod service;
mod status;
mod timer;
mod token;
mod work;

pub use clock::{Clock, SystemClock};
pub use db::{Fault, Faults};
pub use error::AwsError;
pub use host::{BoxFuture, Host, ServiceCall, TaskError};
pub use operations::OPERATIONS;
pub use service::{OpenError, Options, StepFunctions};
pub use status::Status;
