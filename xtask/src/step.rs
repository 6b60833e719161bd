//! Headings that tell what is being done and how long it took.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result};

/// Shows a heading, does the work, and shows how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    last_step(name, work).inspect(|_| note(&format!("{name}: {:.1} s", start.elapsed().as_secs_f64())))
}

/// A step after which nothing is printed, so that its own closing lines stay the last.
pub(crate) fn last_step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    flush();
    work().with_context(|| name.to_owned())
}

/// One line below a heading.
pub(crate) fn note(text: &str) {
    println!("    {text}");
    flush();
}

/// Our lines and those of the children go to the same place: keep their order.
fn flush() {
    let _ = std::io::stdout().flush();
}
