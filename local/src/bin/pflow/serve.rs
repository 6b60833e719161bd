//! `pflow serve`.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use local::data::DataFolder;
use local::home::{Listen, OwnHome};
use local::{Endpoint, Options, Platform};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use crate::Data;

/// Key and secret where none are given.
const KNOWN: &str = "test";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Port of the API, on 127.0.0.1
    #[arg(long, env = "PFLOW_PORT", default_value_t = 8000)]
    port: u16,
    /// Port of the AWS endpoint
    #[arg(long, env = "PFLOW_AWS_PORT", default_value_t = 4566)]
    aws_port: u16,
    /// Address of the AWS endpoint; where others than this machine can reach it, requests must be signed
    #[arg(long, env = "PFLOW_AWS_LISTEN", value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    aws_listen: IpAddr,
    /// Answer only requests that are signed with the credentials, on 127.0.0.1, too
    #[arg(long, env = "PFLOW_AWS_SIGNED")]
    aws_signed: bool,
    #[command(flatten)]
    data: Data,
    /// Leads the names of tables, queues, functions and state machines
    #[arg(long, env = "PFLOW_PREFIX", default_value = "pflow-")]
    prefix: String,
    /// Use this AWS endpoint instead of being one
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    endpoint: Option<String>,
    /// Be the AWS endpoint alone, for a gateway in another process
    #[arg(long, conflicts_with = "endpoint")]
    no_gateway: bool,
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    #[arg(long, env = "AWS_ACCESS_KEY_ID", default_value = KNOWN)]
    access_key_id: String,
    #[arg(
        long,
        env = "AWS_SECRET_ACCESS_KEY",
        default_value = KNOWN,
        hide_env_values = true
    )]
    secret_access_key: String,
    /// Password of the first administrator; made and printed once where it is not given
    #[arg(long, env = "PFLOW_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// In which working days are counted: a POSIX time zone such as CST-8 for China; UTC where it is not given
    #[arg(long, env = "PFLOW_TIME_ZONE")]
    time_zone: Option<String>,
    /// What is logged, as in RUST_LOG
    #[arg(long, env = "PFLOW_LOG", default_value = "info")]
    log: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    runtime::log::start(&arguments.log);
    allow_many_connections();
    let credentials = (
        arguments.access_key_id.as_str(),
        arguments.secret_access_key.as_str(),
    );
    let listen = Listen::new(arguments.aws_listen, arguments.aws_port, arguments.aws_signed);
    ensure!(
        arguments.aws_listen.is_loopback() || credentials != (KNOWN, KNOWN),
        "everybody knows the credentials {KNOWN} and {KNOWN}: choose others, by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, before others than this machine can reach the AWS endpoint"
    );
    // Held until everything else is closed.
    let folder = DataFolder::take(&arguments.data.data)?;
    if arguments.no_gateway {
        let mut own = OwnHome::open(folder.path(), &arguments.region, credentials, Some(listen)).await?;
        own.functions.complete();
        own.run();
        if let Some(address) = own.address {
            println!("The AWS endpoint is ready: http://{address}");
        }
        stopped().await;
        own.stop().await;
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options {
        port: arguments.port,
        data: folder.path().to_owned(),
        prefix: arguments.prefix,
        // An empty variable is how one unsets it in many places.
        endpoint: match arguments.endpoint.filter(|url| !url.is_empty()) {
            Some(url) => Endpoint::Other(url),
            None => Endpoint::Own { listen: Some(listen) },
        },
        region: arguments.region,
        access_key_id: arguments.access_key_id,
        secret_access_key: arguments.secret_access_key,
        admin_password: arguments.admin_password.filter(|password| !password.is_empty()),
        time_zone: arguments.time_zone,
    };
    // One and the same, so that no request between its two places goes unheard.
    let mut asked = pin!(stopped());
    let mut platform = tokio::select! {
        started = Platform::start(options) => started?,
        () = asked.as_mut() => return Ok(ExitCode::SUCCESS),
    };
    platform.follow().await;
    if let Some(password) = &platform.admin_password {
        println!("The administrator was created. Shown this once: user admin, password {password}");
    }
    if let Some(address) = platform.home.as_ref().and_then(|own| own.address) {
        println!("The AWS endpoint is ready: http://{address}");
    }
    println!("PFlow is ready: http://{}/api/v1", platform.address);
    tokio::select! {
        () = platform.run() => return Ok(ExitCode::FAILURE),
        () = asked => {}
    }
    tracing::info!("stopping");
    platform.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// As many open files as the system lets a process have.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if setrlimit(Resource::Nofile, most).is_err() {
        tracing::debug!("the limit of open files stays as it is");
    }
}

/// Ctrl-C, or a service manager's request.
async fn stopped() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
