//! `cargo xtask run`: the platform on one machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::ministack::{self, CREDENTIALS, MISLEADING, Ministack};
use crate::process::{self, Ended, Running};
use crate::{cargo, python, step, tail, workspace};

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
        ministack::require_free(args.aws_port, "--aws-port")?;
        python::MINISTACK.provision()?;
    }
    if !args.no_gateway {
        ministack::require_free(args.port, "--port")?;
        step::step("Building the gateway", || {
            cargo::run("build", &["--package", "local", "--bin", "pflow"])
        })?;
    }
    let mut aws = match args.endpoint {
        Some(_) => None,
        None => Some(step::step("Starting the AWS endpoint", || {
            Ministack::start(args.aws_port, &data.join("ministack"))
        })?),
    };
    if let Some(aws) = &aws {
        step::note(&format!("{} (log: {})", aws.endpoint(), aws.log.display()));
    }
    let mut gateway = match args.no_gateway {
        true => None,
        false => Some(Running::start(
            "the gateway",
            &mut gateway(&args, &data, aws.as_ref())?,
        )?),
    };
    step::note("Ctrl-C stops everything");

    let mut children: Vec<&mut Running> = Vec::new();
    children.extend(gateway.as_mut());
    children.extend(aws.as_mut().map(|aws| &mut aws.process));
    let ended = process::wait_for_any(&mut children)?;
    step::step("Stopping", || {
        // The gateway first: it may still have calls to finish.
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

fn gateway(args: &Args, data: &Path, aws: Option<&Ministack>) -> Result<Command> {
    // Cargo puts all binaries of a profile beside this one.
    let here = std::env::current_exe().context("finding the gateway's binary")?;
    let mut command = process::guarded(here.with_file_name("pflow"));
    command
        .env("PFLOW_PORT", args.port.to_string())
        .env("PFLOW_DATA", data);
    match (aws, &args.endpoint) {
        (Some(aws), _) => {
            MISLEADING.iter().for_each(|name| {
                command.env_remove(name);
            });
            command.envs(CREDENTIALS).env("AWS_ENDPOINT_URL", aws.endpoint());
        }
        (None, endpoint) => {
            // Another endpoint may know its callers.
            let unset = CREDENTIALS
                .iter()
                .filter(|(name, _)| std::env::var_os(name).is_none());
            command
                .envs(unset.copied())
                .envs(endpoint.as_ref().map(|url| ("AWS_ENDPOINT_URL", url)));
        }
    }
    Ok(command)
}
