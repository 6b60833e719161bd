//! The engine: how instances start, wait, go on and end. Every step may be repeated, cut off, or come late.
//!
//! A callback is never lost: what is decided is written first (`decided`, a final status), telling it comes second, and
//! three tell it: the function that decided, the consumer of the table's stream, and the sweeper.

pub mod answer;
pub mod call;
pub mod end;
pub mod events;
pub mod execution;
pub mod grants;
pub mod instance;
pub mod machine;
pub mod opening;
pub mod overdue;
pub mod place;
pub mod resume;
pub mod scope;
pub mod service;
pub mod start;
pub mod steps;
pub mod timer;
