//! `cargo xtask ci`: everything a change must pass, the quick checks first.

use std::process::Command;

use anyhow::{Result, bail};

use crate::step::step;
use crate::{cargo, process, test, tools, workspace};

pub(crate) fn run() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !cargo::has(subcommand) {
            bail!("cargo {subcommand} is missing: rustup component add {component}");
        }
    }
    step("Format", || cargo::run("fmt", &["--all", "--check"]))?;
    let machete = tools::CARGO_MACHETE.provision()?;
    step("Unused dependencies", || {
        let mut command = process::guarded(machete);
        process::run(
            "cargo-machete",
            command.arg("--with-metadata").current_dir(workspace::root()),
        )
    })?;
    let deny = tools::CARGO_DENY.provision()?;
    step("Licences, bans, sources of dependencies", || {
        let mut command: Command = process::guarded(deny);
        // Advisories need a database from the network.
        command.args(["--locked", "--workspace", "check", "bans", "licenses", "sources"]);
        process::run("cargo-deny", command.current_dir(workspace::root()))
    })?;
    step("Lints", || {
        cargo::run(
            "clippy",
            &[
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "--deny",
                "warnings",
            ],
        )
    })?;
    test::run(test::Args::default())
}
