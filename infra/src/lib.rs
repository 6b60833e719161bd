//! What is generated from the declarations of the operations, and committed: the OpenAPI document, the template, the
//! functions' binaries, the router of `cargo lambda watch`, the sample events.

mod artifact;
mod binaries;
pub mod deployment;
mod function;
mod openapi;
mod router;
mod sample;
mod section;
mod template;
#[cfg(test)]
mod tests;

pub use artifact::{Artifacts, artifacts};
