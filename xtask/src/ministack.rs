//! MiniStack, an AWS endpoint for comparing.

use std::path::Path;

use anyhow::Result;

use crate::emulator::{Emulator, endpoint};
use crate::{process, python, workspace};

/// Starts it with its state in `data`.
pub(crate) fn start(port: u16, data: &Path) -> Result<Emulator> {
    let programs = python::MINISTACK.provision()?;
    for folder in ["state", "s3", "tmp"] {
        workspace::create_dir(&data.join(folder))?;
    }
    let mut command = process::guarded(programs.join("ministack"));
    command
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("AWS_ENDPOINT_URL", endpoint(port))
        .env("LAMBDA_EXECUTOR", "local")
        .env("PERSIST_STATE", "1")
        .env("S3_PERSIST", "1")
        .env("STATE_DIR", data.join("state"))
        .env("S3_DATA_DIR", data.join("s3"))
        .env("TMPDIR", data.join("tmp"))
        // Listeners on all interfaces that nothing here uses.
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0");
    Emulator::start("MiniStack", command, port, data, "/_ministack/ready")
}
