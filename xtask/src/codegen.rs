//! `cargo xtask codegen`: write what is generated from the code.

use anyhow::Result;

use crate::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments for the generator.
    #[arg(last = true)]
    generator: Vec<String>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let mut arguments = vec!["--quiet", "--package", "infra", "--bin", "codegen", "--"];
    arguments.extend(args.generator.iter().map(String::as_str));
    cargo::run("run", &arguments)
}
