//! Tests of the whole compiler; those of a part stand beside it.

mod predefined;
mod translation;
