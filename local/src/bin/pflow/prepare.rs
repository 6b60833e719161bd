//! `pflow prepare`.

use std::process::ExitCode;

use anyhow::Result;
use local::Endpoint;

use crate::{Data, Deployment};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the AWS endpoint answers
    #[arg(
        long,
        env = "AWS_ENDPOINT_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:4566"
    )]
    endpoint: String,
    /// Where Lambda's own API calls functions, for state machines
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9000")]
    functions: String,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    deployment: Deployment,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let endpoint = Endpoint::Other(arguments.endpoint);
    let options = arguments.deployment.options(0, arguments.data.data, endpoint);
    let functions = arguments.functions.trim_end_matches('/');
    let url = |name: &str| format!("{functions}/2015-03-31/functions/{name}/invocations");
    let environment = local::prepare(&options, url).await?;
    for (name, value) in &environment {
        println!("{name}={value}");
    }
    Ok(ExitCode::SUCCESS)
}
