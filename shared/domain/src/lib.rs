//! What PFlow's words mean: ids, texts, permissions, states and their transitions, errors.
//!
//! Pure: no I/O, no clock, no AWS, no panic on input.

pub mod diagnostic;
pub mod error;
pub mod event;
pub mod form;
pub mod id;
pub mod instance;
pub mod page;
pub mod permission;
pub mod place;
pub mod position;
pub mod task;
pub mod text;
pub mod thrown;
pub mod ticket;
pub mod user;
pub mod workflow;

pub use error::{Code, Detail, Error, Result};
pub use text::{Language, Text};
