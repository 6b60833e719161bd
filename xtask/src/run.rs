//! `cargo xtask run`: the platform on one machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::emulator::{self, CREDENTIALS, Emulator, MISLEADING};
use crate::process::{self, Ended, Running};
use crate::{cargo, ministack, python, step, tail, workspace};

/// Who answers the AWS APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Aws {
    /// The platform's own process.
    Own,
    /// MiniStack, which needs Python.
    Ministack,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port of the HTTP API.
    #[arg(long, env = "PFLOW_PORT", default_value_t = 8000)]
    port: u16,
    /// Port of the AWS endpoint that is started.
    #[arg(long, env = "PFLOW_AWS_PORT", default_value_t = 4566)]
    aws_port: u16,
    /// Folder of the data [default: data, in the checkout].
    #[arg(long, env = "PFLOW_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Who answers the AWS APIs.
    #[arg(long, value_enum, default_value = "own")]
    aws: Aws,
    /// Use this AWS endpoint and start none.
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    endpoint: Option<String>,
    /// Start the AWS endpoint alone, for a gateway that is started by hand.
    #[arg(long)]
    no_gateway: bool,
}

pub(crate) fn run(mut args: Args) -> Result<()> {
    // An empty variable is how one unsets it in many places.
    args.endpoint = args.endpoint.filter(|url| !url.is_empty());
    if args.no_gateway && args.endpoint.is_some() {
        bail!("nothing to start: --no-gateway, and AWS_ENDPOINT_URL names an endpoint that runs already");
    }
    let data = match &args.data {
        Some(data) => std::path::absolute(data).context("finding the data folder")?,
        None => workspace::root().join("data"),
    };
    let _held = workspace::try_lock(&data)?;
    // What is missing or taken is said before the long steps.
    if args.endpoint.is_none() {
        emulator::require_free(args.aws_port, "--aws-port")?;
    }
    let ministack = args.endpoint.is_none() && args.aws == Aws::Ministack;
    if ministack {
        python::MINISTACK.provision()?;
    }
    if !args.no_gateway {
        emulator::require_free(args.port, "--port")?;
    }
    // MiniStack alone needs nothing of ours.
    if !(ministack && args.no_gateway) {
        step::step("Building the platform", || {
            cargo::run("build", &["--package", "local", "--bin", "pflow"])
        })?;
    }
    let mut aws = match ministack {
        false => None,
        true => Some(step::step("Starting the AWS endpoint", || {
            ministack::start(args.aws_port, &data.join("ministack"))
        })?),
    };
    if let Some(aws) = &aws {
        step::note(&format!("{} (log: {})", aws.endpoint(), aws.log.display()));
    }
    let mut platform = match ministack && args.no_gateway {
        true => None,
        false => Some(Running::start(
            "the platform",
            &mut platform(&args, &data, aws.as_ref())?,
        )?),
    };
    step::note("Ctrl-C stops everything");

    let mut children: Vec<&mut Running> = Vec::new();
    children.extend(platform.as_mut());
    children.extend(aws.as_mut().map(|aws| &mut aws.process));
    let ended = process::wait_for_any(&mut children)?;
    step::step("Stopping", || {
        // The platform first: it may still have calls to finish.
        children.iter_mut().for_each(|child| child.stop());
        Ok(())
    })?;
    match ended {
        // Being asked to stop is how a server ends well.
        Ended::Signal(_) => Ok(()),
        Ended::Child(failure) => {
            if let Some(aws) = aws.filter(|aws| aws.process.is(&failure)) {
                step::note(&format!(
                    "the end of {}:{}",
                    aws.log.display(),
                    tail::of_file(&aws.log)
                ));
            }
            Err(anyhow::Error::from(failure).context("the platform stopped"))
        }
    }
}

fn platform(args: &Args, data: &Path, aws: Option<&Emulator>) -> Result<Command> {
    // Cargo puts all binaries of a profile beside this one.
    let here = std::env::current_exe().context("finding the platform's binary")?;
    let mut command = process::guarded(here.with_file_name("pflow"));
    command
        .arg("serve")
        .env("PFLOW_PORT", args.port.to_string())
        .env("PFLOW_AWS_PORT", args.aws_port.to_string())
        .env("PFLOW_DATA", data);
    if args.no_gateway {
        command.arg("--no-gateway");
    }
    match (aws.map(Emulator::endpoint), &args.endpoint) {
        (None, Some(endpoint)) => {
            // Another endpoint may know its callers.
            let unset = CREDENTIALS
                .iter()
                .filter(|(name, _)| std::env::var_os(name).is_none());
            command.envs(unset.copied()).env("AWS_ENDPOINT_URL", endpoint);
        }
        (endpoint, _) => {
            MISLEADING.iter().for_each(|name| {
                command.env_remove(name);
            });
            command
                .envs(CREDENTIALS)
                .envs(endpoint.map(|url| ("AWS_ENDPOINT_URL", url)));
        }
    }
    Ok(command)
}
