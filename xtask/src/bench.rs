//! `cargo xtask bench`: the benchmarks. Each prints its figures with their bounds.

use anyhow::Result;

use crate::step::step;
use crate::{cargo, process, workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Without the comparisons with other programs.
    #[arg(long)]
    ours_only: bool,
}

pub(crate) fn run(args: Args) -> Result<()> {
    step("Amazon States Language", || {
        cargo::run(
            "run",
            &["--quiet", "--release", "--package", "asl", "--example", "bench"],
        )
    })?;
    if args.ours_only {
        return Ok(());
    }
    step("Amazon States Language beside MiniStack's interpreter", || {
        let script = workspace::root().join("state-machines/asl/bench/side-by-side.sh");
        process::run("the comparison", &mut process::guarded(script))
    })
}
