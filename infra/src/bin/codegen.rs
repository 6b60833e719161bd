//! Writes what is generated from the declarations of the operations. With `--check` it only tells what would change.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

#[expect(clippy::print_stdout, reason = "a program that tells what it did")]
fn main() -> Result<ExitCode> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => bail!("the only argument is --check"),
    };
    let artifacts = infra::artifacts(root, &functions::services())?;
    let changed = if check {
        artifacts.drift(root)
    } else {
        artifacts.write(root)?
    };
    for path in &changed {
        println!("{path}");
    }
    let failed = if check {
        !changed.is_empty()
    } else {
        !artifacts.missing.is_empty()
    };
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
