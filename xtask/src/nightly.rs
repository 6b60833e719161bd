//! `cargo xtask nightly`: the tests, with what takes too long for every run.

use anyhow::Result;

use crate::step::{note, step};
use crate::{cargo, process, test, workspace};

/// Cases of each property test; 256 in everyday runs.
const PROPERTY_CASES: &str = "10000";
/// Each with its folder; a bounded run of each.
const FUZZ_TARGETS: &[(&str, &str)] = &[
    ("state-machines/asl", "validate"),
    ("state-machines/asl", "interpret"),
];
const FUZZ_TIME: &str = "-max_total_time=60";

pub(crate) fn run() -> Result<()> {
    fuzz()?;
    test::run(test::Args::everything(PROPERTY_CASES))
}

/// Fuzzing needs a nightly compiler, which the project does not install.
fn fuzz() -> Result<()> {
    if !cargo::has("fuzz") {
        note("NOT fuzzed: cargo-fuzz is not there (cargo install cargo-fuzz, and a nightly toolchain)");
        return Ok(());
    }
    for (folder, target) in FUZZ_TARGETS {
        step(&format!("Fuzzing {target}"), || {
            let mut command = process::guarded("cargo");
            command.args(["+nightly", "fuzz", "run", target, "--", FUZZ_TIME]);
            process::run("cargo fuzz", command.current_dir(workspace::root().join(folder)))
        })?;
    }
    Ok(())
}
