//! Amazon States Language: types, validator, interpreter.
//!
//! A pure library: no I/O, no clock, no environment, and no input makes it panic. A definition is read into
//! [`types::StateMachine`], resolved once into a [`Machine`], and run by [`start`] and [`Execution::apply`], which
//! say what to do as [`Command`]s and are told what happened as [`Event`]s.

mod diagnostic;
mod entropy;
mod expression;
pub mod graph;
mod intrinsic;
mod machine;
pub mod path;
pub mod replay;
mod run;
mod scope;
pub mod simulate;
mod template;
pub mod test_state;
mod text;
pub mod types;
pub mod validate;
mod value;

pub use diagnostic::{Diagnostic, Severity};
pub use machine::Machine;
pub use run::{
    Command, EvaluationFailure, Event, EventKind, Execution, ExecutionContext, HistoryEvent, InSeconds,
    MAX_EVENTS, MapReader, Outcome, TaskEvent, TaskResource, TaskStage, Timestamp, Tokens, start,
    start_with_tokens,
};
