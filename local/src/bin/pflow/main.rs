//! `pflow`: the platform as a process, and what looks after its data.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user by printing"
)]

mod account;
mod keep;
mod prepare;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use local::{Endpoint, Options};

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
    /// Make at an AWS endpoint what functions in processes of their own need, and print their variables
    Prepare(prepare::Arguments),
    /// Copy all data into a new folder, while the platform runs or not
    Backup(keep::Backup),
    /// Make a data folder of a backup
    Restore(keep::Restore),
    /// Look whether everything is as it should be
    Doctor(keep::Doctor),
    /// Copy all tables into those of an AWS account
    ExportToAws(keep::Export),
    /// Write the keys that a deployment to an AWS account is given
    Keys(account::Keys),
    /// Create the first administrator of a deployment in an AWS account
    Administrator(account::Administrator),
}

/// Where the data is.
#[derive(Debug, Args)]
struct Data {
    /// Folder of the data
    #[arg(long, env = "PFLOW_DATA", default_value = "./data")]
    data: PathBuf,
}

/// What the installation is like.
#[derive(Debug, Args)]
struct Deployment {
    /// Leads the names of tables, queues, functions and state machines
    #[arg(long, env = "PFLOW_PREFIX", default_value = "pflow-")]
    prefix: String,
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    #[arg(long, env = "AWS_ACCESS_KEY_ID", default_value = "test")]
    access_key_id: String,
    #[arg(
        long,
        env = "AWS_SECRET_ACCESS_KEY",
        default_value = "test",
        hide_env_values = true
    )]
    secret_access_key: String,
    /// Password of the first administrator; made and printed once where it is not given
    #[arg(long, env = "PFLOW_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// In which working days are counted: a POSIX time zone such as CST-8 for China; UTC where it is not given
    #[arg(long, env = "PFLOW_TIME_ZONE")]
    time_zone: Option<String>,
}

impl Deployment {
    fn options(self, port: u16, data: PathBuf, endpoint: Endpoint) -> Options {
        Options {
            port,
            data,
            prefix: self.prefix,
            endpoint,
            region: self.region,
            access_key_id: self.access_key_id,
            secret_access_key: self.secret_access_key,
            admin_password: self.admin_password.filter(|password| !password.is_empty()),
            time_zone: self.time_zone,
        }
    }
}

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
        Command::Prepare(arguments) => prepare::run(arguments).await,
        Command::Backup(arguments) => keep::backup(arguments).await,
        Command::Restore(arguments) => keep::restore(arguments),
        Command::Doctor(arguments) => keep::doctor(arguments),
        Command::ExportToAws(arguments) => keep::export(arguments).await,
        Command::Keys(arguments) => account::keys(&arguments),
        Command::Administrator(arguments) => account::administrator(arguments).await,
    }
}
