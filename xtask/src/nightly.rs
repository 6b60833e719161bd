//! `cargo xtask nightly`: the tests, with what takes too long for every run.

use anyhow::Result;

use crate::test;

/// Cases of each property test; 256 in everyday runs.
const PROPERTY_CASES: &str = "10000";

pub(crate) fn run() -> Result<()> {
    test::run(test::Args::everything(PROPERTY_CASES))
}
