//! Tests of the whole compiler; those of a part stand beside it.

mod language;
mod predefined;
mod translation;
