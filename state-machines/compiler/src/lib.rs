//! The compiler from workflow definitions to state machines. Pure: text in, text or diagnostics out.
//!
//! Each stage has its own type, consumes the one before, and tells everything that is wrong at once:
//!
//! ```text
//! parse(&str)                   -> Document      attributes and their types
//! validate(Document, &Catalog)  -> Workflow      src/rules: one rule per file
//! lower(&Workflow)              -> StateMachine  total
//! emit(&StateMachine)           -> text          total
//! ```
//!
//! [`compile`] runs them all, [`diagnose`] answers for drafts.

mod bound;
mod catalog;
mod compile;
mod condition;
mod decision;
mod document;
mod emit;
mod excerpt;
mod expressions;
mod graph;
mod lower;
pub mod node;
mod parse;
mod pointer;
mod resolve;
mod rules;
mod suggest;
mod svg;
#[cfg(test)]
mod tests;
mod validate;
mod variables;
mod vocabulary;
mod workflow;

/// The JSON Schema of definitions (draft 2020-12). It says what [`parse`] says, except for the widths of decision tables
/// and the depth of sub-processes.
pub const SCHEMA: &str = include_str!("schema.json");

pub use bound::{From, Hop, To, fewest_transitions};
pub use catalog::{Catalog, function_name};
pub use compile::{Compiled, compile, compile_unchecked, diagnose, is_no_definition};
pub use document::Document;
pub use emit::emit;
pub use excerpt::{excerpt, locate};
pub use lower::{lower, lower_resume};
pub use parse::parse;
pub use svg::svg;
pub use validate::validate;
pub use workflow::Workflow;
