use std::path::Path;

use serde_json::Value;

mod deployment;
mod drift;
mod linters;
mod openapi;
mod samples;
mod template;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(path: &str) -> String {
    crate::artifact::read(root(), path).unwrap()
}

fn document() -> Value {
    crate::openapi::document(&functions::services()).unwrap()
}
