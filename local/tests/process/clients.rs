//! Clients from outside: boto3 and the AWS CLI. `cargo xtask test` provides them, in the folder that PFLOW_CLIENTS names.

use std::path::PathBuf;
use std::process::Command;

use crate::pflow::{Folder, Pflow, command};

#[tokio::test(flavor = "multi_thread")]
async fn boto3_and_the_aws_cli_work() {
    let Some(programs) = std::env::var_os("PFLOW_CLIENTS").map(PathBuf::from) else {
        eprintln!(
            "NOT CHECKED by boto3 and the AWS CLI: PFLOW_CLIENTS is not set; `cargo xtask test` sets it"
        );
        return;
    };
    let folder = Folder::new();
    // Their signatures are looked at, too.
    let data = folder.path("data");
    let mut pflow = Pflow::start_command(command(&["serve", "--aws-signed"], &data), &data);
    pflow.ready().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/clients.py");
    let output = Command::new(programs.join("python"))
        .arg(script)
        .arg(format!("http://127.0.0.1:{}", pflow.aws_port))
        .arg(programs.join("aws"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(told.matches("fine:").count(), 5);
    assert!(pflow.stop());
}
