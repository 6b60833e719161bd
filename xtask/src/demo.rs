//! `cargo xtask demo`: walk the story against the running platform.

use anyhow::Result;

use crate::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the platform answers.
    #[arg(
        long,
        env = "PFLOW_URL",
        default_value = "http://127.0.0.1:8000",
        value_name = "URL"
    )]
    base_url: String,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let base_url = args.base_url.as_str();
    cargo::run(
        "run",
        &[
            "--quiet",
            "--package",
            "local",
            "--bin",
            "demo",
            "--",
            "--base-url",
            base_url,
        ],
    )
}
