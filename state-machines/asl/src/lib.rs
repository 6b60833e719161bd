//! Amazon States Language: types, validator, interpreter.

pub mod types;
