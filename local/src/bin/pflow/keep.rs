//! `pflow backup`, `restore`, `doctor`, `export-to-aws`: what looks after the data.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use local::{backup, doctor, export};

use crate::Data;
use crate::account::Account;

#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// Folder of the backup; made here
    folder: PathBuf,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// Folder of the backup
    folder: PathBuf,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    account: Account,
    /// Another endpoint than AWS's own
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Role of the state machines in the account: an output of the stack
    #[arg(long, value_name = "ARN", env = "PFLOW_STATE_MACHINE_ROLE_ARN")]
    state_machine_role: String,
    /// Also where the account's tables are not empty: goes on with an export that was cut off
    #[arg(long)]
    over: bool,
}

pub(crate) async fn backup(arguments: Backup) -> Result<ExitCode> {
    let (data, folder) = (arguments.data.data, arguments.folder);
    let made = tokio::task::spawn_blocking(move || backup::make(&data, &folder)).await??;
    println!("{made}");
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn restore(arguments: Restore) -> Result<ExitCode> {
    println!("{}", backup::restore(&arguments.folder, &arguments.data.data)?);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn doctor(arguments: Doctor) -> Result<ExitCode> {
    let findings = doctor::examine(&arguments.data.data);
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.iter().all(|finding| finding.is_fine()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

pub(crate) async fn export(arguments: Export) -> Result<ExitCode> {
    let prefix = arguments.account.prefix.clone();
    let target = export::Target {
        aws: arguments.account.aws(arguments.to),
        state_machine_role: arguments.state_machine_role,
    };
    let what = export::What {
        data: &arguments.data.data,
        prefix: &prefix,
        over: arguments.over,
    };
    export::run(what, target, |line| println!("{line}")).await?;
    Ok(ExitCode::SUCCESS)
}
