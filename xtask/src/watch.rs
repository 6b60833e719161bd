//! `cargo xtask watch`: every function as a process of its own, by cargo-lambda, on an AWS endpoint that runs already.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::emulator::{CREDENTIALS, MISLEADING};
use crate::{cargo, process, python, step};

/// For an answer, the building of its function included.
const ANSWER_SECONDS: &str = "600";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port of the functions.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The AWS endpoint.
    #[arg(
        long,
        env = "AWS_ENDPOINT_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:4566"
    )]
    endpoint: String,
    /// Arguments for `cargo lambda watch`.
    #[arg(last = true)]
    watch: Vec<String>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let programs = python::CARGO_LAMBDA.provision()?;
    step::step("Building the platform", || {
        cargo::run("build", &["--package", "local", "--bin", "pflow"])
    })?;
    let environment = prepare(&args)?;
    let port = args.port.to_string();
    let mut command = process::guarded(programs.join("cargo-lambda"));
    command
        .args(["lambda", "watch", "--timeout", ANSWER_SECONDS])
        .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port])
        .args(&args.watch)
        .current_dir(crate::workspace::root());
    settled(&mut command).envs(environment);
    step::note(&format!(
        "http://127.0.0.1:{port}/api/v1; one function by itself:"
    ));
    step::note(&format!(
        "{} lambda invoke NAME --data-file events/NAME.json --invoke-address 127.0.0.1 --invoke-port {port}",
        programs.join("cargo-lambda").display()
    ));
    step::last_step("Serving the functions", || {
        process::run("cargo lambda watch", &mut command)
    })
}

/// Makes what is missing at the endpoint; answers the variables of the functions.
fn prepare(args: &Args) -> Result<Vec<(String, String)>> {
    let here = std::env::current_exe().context("finding the platform's binary")?;
    let mut command = Command::new(here.with_file_name("pflow"));
    command
        .args(["prepare", "--endpoint", &args.endpoint])
        .args(["--functions", &format!("http://127.0.0.1:{}", args.port)])
        .current_dir(crate::workspace::root());
    let output = settled(&mut command)
        .output()
        .context("preparing the AWS endpoint")?;
    if !output.status.success() {
        bail!(
            "{}\nstart an AWS endpoint first: cargo xtask run, or cargo xtask run --no-gateway",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let variables = text.lines().filter_map(|line| line.split_once('='));
    Ok(variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// With the credentials of this machine where none are set.
fn settled(command: &mut Command) -> &mut Command {
    for name in MISLEADING {
        command.env_remove(name);
    }
    let unset = CREDENTIALS
        .iter()
        .filter(|(name, _)| std::env::var_os(name).is_none());
    command.envs(unset.copied())
}
