//! What PFlow's words mean: ids, texts, permissions, states and their transitions, errors.
//!
//! Pure: no I/O, no clock, no AWS, no panic on input.

pub mod diagnostic;
pub mod text;
