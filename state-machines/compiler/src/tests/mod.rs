//! Tests of the whole compiler; those of a part stand beside it.

mod corpora;
mod game;
mod host;
mod language;
mod mutated;
mod predefined;
mod schema;
mod svg;
mod tables;
mod translation;
