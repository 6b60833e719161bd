//! `cargo xtask`: what a developer, a fresh machine and CI run. `main` is the table of contents; one file per command.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user by printing"
)]

mod bench;
mod ci;
mod codegen;
mod demo;
mod deploy;
mod nightly;
mod run;
mod test;
mod watch;

mod cargo;
mod deployed;
mod emulator;
mod guard;
mod localstack;
mod ministack;
mod node;
mod process;
mod python;
mod step;
mod tail;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "PFlow's tasks",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the platform: the AWS endpoint and the gateway. Ctrl-C stops both.
    Run(run::Args),
    /// Serve every function as a process of its own, on an AWS endpoint that runs.
    Watch(watch::Args),
    /// Run every test, against an AWS endpoint started for them.
    Test(test::Args),
    /// Everything a change must pass: format, lints, dependencies, tests.
    Ci,
    /// Write what is generated from the code (OpenAPI document, template, router).
    Codegen(codegen::Args),
    /// Walk the story from login to a resolved ticket against the running platform.
    Demo(demo::Args),
    /// Build the functions and deploy the platform to an AWS account.
    Deploy(deploy::Args),
    /// Run the benchmarks.
    Bench(bench::Args),
    /// The tests, with what takes too long for every run.
    Nightly,
    /// Become another program that ends with its parent (used by this tool to start its children).
    #[command(hide = true)]
    Guard(guard::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = process::watch_signals().and_then(|()| match cli.command {
        Command::Run(args) => run::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Test(args) => test::run(args),
        Command::Ci => ci::run(),
        Command::Codegen(args) => codegen::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Deploy(args) => deploy::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Nightly => nightly::run(),
        Command::Guard(args) => guard::run(args),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            process::exit_code(&error)
        }
    }
}
