//! `pflow`: the gateway as a process.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks to its user by printing"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::{Endpoint, Options, Platform};
use tokio::signal::unix::{SignalKind, signal};

/// Serves the platform on any endpoint that answers the AWS APIs.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port of the API, on 127.0.0.1
    #[arg(long, env = "PFLOW_PORT", default_value_t = 8000)]
    port: u16,
    /// Folder for the installation's keys
    #[arg(long, env = "PFLOW_DATA", default_value = "./data")]
    data: PathBuf,
    /// Leads the names of tables, queues, functions and state machines
    #[arg(long, env = "PFLOW_PREFIX", default_value = "pflow-")]
    prefix: String,
    /// The AWS endpoint
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    endpoint_url: Option<String>,
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
    /// What is logged, as in RUST_LOG
    #[arg(long, env = "PFLOW_LOG", default_value = "info")]
    log: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    runtime::log::start(&arguments.log);
    let options = Options {
        port: arguments.port,
        data: arguments.data,
        prefix: arguments.prefix,
        endpoint: match arguments.endpoint_url.filter(|url| !url.is_empty()) {
            Some(url) => Endpoint::Other(url),
            None => Endpoint::Own { port: Some(4566) },
        },
        region: arguments.region,
        access_key_id: arguments.access_key_id,
        secret_access_key: arguments.secret_access_key,
        admin_password: arguments.admin_password.filter(|password| !password.is_empty()),
        time_zone: arguments.time_zone,
    };
    let mut platform = match Platform::start(options).await {
        Ok(platform) => platform,
        Err(error) => {
            println!("PFlow cannot start: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    platform.follow();
    if let Some(password) = &platform.admin_password {
        println!("The administrator was created. Shown this once: user admin, password {password}");
    }
    println!("PFlow is ready: http://{}/api/v1", platform.address);
    tokio::select! {
        () = platform.run() => ExitCode::FAILURE,
        () = stopped() => ExitCode::SUCCESS,
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
