//! `cargo xtask bench`: the benchmarks.

use anyhow::Result;

use crate::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments for `cargo bench`.
    #[arg(last = true)]
    bench: Vec<String>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let mut arguments = vec!["--workspace", "--benches"];
    arguments.extend(args.bench.iter().map(String::as_str));
    cargo::run("bench", &arguments)
}
