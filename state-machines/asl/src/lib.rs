//! Amazon States Language: types, validator, interpreter.
