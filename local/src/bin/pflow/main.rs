//! `pflow`: the platform as a process, and what looks after its data.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user by printing"
)]

mod keep;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// A workflow and ticket platform on one machine.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the platform: the API, and the AWS endpoint behind it
    Serve(serve::Arguments),
    /// Copy all data into a new folder, while the platform runs or not
    Backup(keep::Backup),
    /// Make a data folder of a backup
    Restore(keep::Restore),
    /// Look whether everything is as it should be
    Doctor(keep::Doctor),
    /// Copy all tables into those of an AWS account
    ExportToAws(keep::Export),
}

/// Where the data is.
#[derive(Debug, Args)]
struct Data {
    /// Folder of the data
    #[arg(long, env = "PFLOW_DATA", default_value = "./data")]
    data: PathBuf,
}

/// Much of a call is many small allocations: this one takes less time for them than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pflow: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Backup(arguments) => keep::backup(arguments).await,
        Command::Restore(arguments) => keep::restore(arguments),
        Command::Doctor(arguments) => keep::doctor(arguments),
        Command::ExportToAws(arguments) => keep::export(arguments).await,
    }
}
