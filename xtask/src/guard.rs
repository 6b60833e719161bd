//! Children that cannot outlive this tool, even when it is killed hard.
//!
//! The kernel signals a process when its parent dies, if the process asked for it; the request survives `exec`. So each child first
//! becomes `xtask guard`, asks, and then turns into the program it was started for. Only Linux offers this; elsewhere children
//! outlive a `kill -9` of xtask, but nothing gentler.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Process id of the parent.
    parent: i32,
    /// The program to become, with its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    become_guarded(args).map(|never| match never {})
}

fn become_guarded(args: Args) -> Result<Infallible> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
    // The parent may have died before the request was made.
    if rustix::process::getppid().is_none_or(|pid| pid.as_raw_nonzero().get() != args.parent) {
        bail!("the parent is gone");
    }
    let Some((program, rest)) = args.command.split_first() else {
        bail!("no program to start");
    };
    Err(Command::new(program).args(rest).exec())
        .with_context(|| format!("starting {}", program.to_string_lossy()))
}
