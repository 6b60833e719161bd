//! Calls of cargo itself.

use std::ffi::OsString;
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
    command
}

/// Runs `cargo <subcommand> <args>` to its end.
pub(crate) fn run(subcommand: &str, args: &[&str]) -> Result<()> {
    process::run(&format!("cargo {subcommand}"), command(subcommand).args(args))
}

/// Whether cargo has this subcommand here.
pub(crate) fn has(subcommand: &str) -> bool {
    process::output_of(path(), &[subcommand, "--version"]).is_some()
}
