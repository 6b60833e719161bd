//! Calls of cargo itself.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use anyhow::Result;

use crate::{process, workspace};

/// The cargo that started this tool.
pub(crate) fn path() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// `cargo <subcommand>` at the root of the workspace.
pub(crate) fn command(subcommand: &str) -> Command {
    let mut command = process::guarded(path());
    command.arg(subcommand).current_dir(workspace::root());
    // What `cargo run` tells of this tool: a build script that looks at it (ring's) would run again, and all that is built on
    // it would be built again, each time after a cargo that was not started from here.
    let told = std::env::vars_os().map(|(name, _)| name);
    for name in told.filter(|name| is_of_this_package(name)) {
        command.env_remove(name);
    }
    command
}

fn is_of_this_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    ["CARGO_MANIFEST_", "CARGO_PKG_"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Runs `cargo <subcommand> <args>` to its end.
pub(crate) fn run(subcommand: &str, args: &[&str]) -> Result<()> {
    process::run(&format!("cargo {subcommand}"), command(subcommand).args(args))
}

/// Whether cargo has this subcommand here.
pub(crate) fn has(subcommand: &str) -> bool {
    process::output_of(path(), &[subcommand, "--version"]).is_some()
}
