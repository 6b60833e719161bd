//! `deployment STAGE [--built]`: tells what is wrong with what is to be deployed; where nothing is, the stack's name and the
//! parameters of the stage, one a line. With `--built` it looks at the functions' packages, too.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that tells what it found"
)]

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use infra::deployment::{Stage, limits, packages, resources, template};

fn main() -> Result<ExitCode> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, built) = match arguments.as_slice() {
        [stage] => (*stage, false),
        [stage, "--built"] => (*stage, true),
        _ => bail!("arguments: STAGE [--built]"),
    };
    let (stage, template) = (Stage::read(root, name)?, template(root)?);
    let mut problems = stage.problems(&template);
    problems.extend(limits(&template));
    eprintln!("{} resources of 500 at most", resources(&template));
    if built {
        let (wrong, bytes) = packages(root, &template);
        problems.extend(wrong);
        eprintln!("{} MB of functions, unpacked", bytes / 1_000_000);
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!("{}", stage.stack);
    for (name, value) in &stage.parameters {
        println!("{name}={value}");
    }
    Ok(ExitCode::SUCCESS)
}
