//! Instructions, by callgrind.

use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use tests::binary::Running;

/// A program as valgrind runs it.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    let output = std::env::var("PFLOW_CALLGRIND_OUT").unwrap_or_else(|_| "/dev/null".to_owned());
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={output}"))
        .arg(program);
    command
}

/// Ends the program; says what it has cost, kernel not included.
pub(crate) fn instructions(running: &mut Running) -> u64 {
    kill_process(Pid::from_child(running.child()), Signal::TERM).unwrap();
    running.child().wait().unwrap();
    let log = running.log();
    let line = log.lines().rev().find(|line| line.contains("Collected")).unwrap();
    line.rsplit(':').next().unwrap().trim().parse().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn millions(instructions: u64) -> f64 {
    instructions as f64 / 1e6
}
