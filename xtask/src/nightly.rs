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
    ("state-machines/compiler", "definition"),
    ("state-machines/compiler", "mutated"),
];
const FUZZ_TIME: &str = "-max_total_time=60";

pub(crate) fn run() -> Result<()> {
    fuzz()?;
    let everything = test::run(test::Args::everything(PROPERTY_CASES));
    // Also where a test has failed: nobody looks before the morning.
    test::run(test::Args::deployed()).and(everything)
}

/// Fuzzing needs what only a nightly compiler allows by itself; the project's own does when it is told to. Nothing that is
/// fuzzed has unsafe code, so no sanitizer has to look for what it might do.
fn fuzz() -> Result<()> {
    if !cargo::has("fuzz") {
        note("NOT fuzzed: cargo-fuzz is not there (cargo install cargo-fuzz)");
        return Ok(());
    }
    for (folder, target) in FUZZ_TARGETS {
        step(&format!("Fuzzing {target}"), || {
            let mut command = process::guarded("cargo");
            command.env("RUSTC_BOOTSTRAP", "1").args([
                "fuzz",
                "run",
                "--sanitizer",
                "none",
                target,
                "--",
                FUZZ_TIME,
            ]);
            process::run("cargo fuzz", command.current_dir(workspace::root().join(folder)))
        })?;
    }
    Ok(())
}
