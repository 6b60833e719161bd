//! Starting, waiting for and stopping other programs.
//!
//! Every child is guarded (see `guard`) and leads a process group of its own, so that Ctrl-C reaches only this tool, which then stops
//! what it started in the right order, with everything that those started in turn.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

const POLL: Duration = Duration::from_millis(30);

/// How long a child may take to end after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(20);

/// The last signal that asked this tool to stop; 0 when none did.
static ASKED_TO_STOP: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Why a step did not end well. Carries what the exit code must be.
#[derive(Debug)]
pub(crate) enum Failure {
    Interrupted { signal: u8 },
    Ended { what: String, status: ExitStatus },
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted { .. } => f.write_str("interrupted"),
            Self::Ended { what, status } => write!(f, "{what} ended with {status}"),
        }
    }
}

/// A shell's convention: the child's own code, or 128 and the signal's number.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let code = match error.downcast_ref::<Failure>() {
        Some(Failure::Interrupted { signal }) => 128 + signal,
        Some(Failure::Ended { status, .. }) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .filter(|code| *code != 0)
            .unwrap_or(1),
        None => 1,
    };
    ExitCode::from(code)
}

pub(crate) fn watch_signals() -> Result<()> {
    let asked = ASKED_TO_STOP.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_usize(signal, Arc::clone(asked), signal.unsigned_abs() as usize)
            .context("watching for Ctrl-C")?;
    }
    Ok(())
}

/// The signal that asked this tool to stop since the last call.
pub(crate) fn take_signal() -> Option<u8> {
    let signal = ASKED_TO_STOP.get()?.swap(0, Ordering::Relaxed);
    u8::try_from(signal).ok().filter(|signal| *signal != 0)
}

/// A command that, when started, ends with this tool.
pub(crate) fn guarded(program: impl AsRef<OsStr>) -> Command {
    // The link also leads to a binary that a rebuild has replaced meanwhile.
    let this_tool = if cfg!(target_os = "linux") {
        Ok("/proc/self/exe".into())
    } else {
        std::env::current_exe()
    };
    let mut command = Command::new(this_tool.unwrap_or_else(|_| "xtask".into()));
    command
        .arg("guard")
        .arg(std::process::id().to_string())
        .arg("--")
        .arg(program)
        .stdin(Stdio::null())
        .process_group(0);
    command
}

/// Whether a program is there and answers with success; its output is not shown.
pub(crate) fn answers(program: &str, args: &[&str]) -> bool {
    output_of(program, args).is_some()
}

/// What a program prints when it succeeds.
pub(crate) fn output_of(program: impl AsRef<OsStr>, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a guarded command to its end; its output goes where ours goes.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    Running::start(what, command)?.finish()
}

/// Runs a guarded command to its end and hands every line that it prints to `line`.
pub(crate) fn run_lines(what: &str, command: &mut Command, line: impl Fn(&str) + Send) -> Result<()> {
    let mut running = Running::start(what, command.stdout(Stdio::piped()))?;
    let output = running.child.stdout.take();
    thread::scope(|scope| {
        scope.spawn(move || {
            let lines = output
                .into_iter()
                .flat_map(|output| BufReader::new(output).lines());
            lines.map_while(Result::ok).for_each(|text| line(&text));
        });
        running.finish()
    })
}

/// A child that was started and is stopped, with all its own children, when this is dropped.
pub(crate) struct Running {
    what: String,
    child: Child,
}

/// What a wait came to.
pub(crate) enum Ended {
    Signal(u8),
    Child(Failure),
}

impl Running {
    pub(crate) fn start(what: &str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("starting {what}"))?;
        Ok(Self {
            what: what.to_owned(),
            child,
        })
    }

    /// How the child ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<Failure>> {
        let status = self
            .child
            .try_wait()
            .with_context(|| format!("waiting for {}", self.what))?;
        Ok(status.map(|status| Failure::Ended {
            what: self.what.clone(),
            status,
        }))
    }

    /// Whether it is this child that the failure tells of.
    pub(crate) fn is(&self, failure: &Failure) -> bool {
        matches!(failure, Failure::Ended { what, .. } if *what == self.what)
    }

    fn finish(mut self) -> Result<()> {
        match wait_for_any(&mut [&mut self])? {
            Ended::Signal(signal) => Err(Failure::Interrupted { signal }.into()),
            Ended::Child(Failure::Ended { status, .. }) if status.success() => Ok(()),
            Ended::Child(failure) => Err(failure.into()),
        }
    }

    /// Asks the child's whole group to end, and kills what is left after a while or at a second Ctrl-C.
    pub(crate) fn stop(&mut self) {
        let deadline = Instant::now() + GRACE;
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::TERM);
        }
        while matches!(self.child.try_wait(), Ok(None))
            && Instant::now() < deadline
            && take_signal().is_none()
        {
            thread::sleep(POLL);
        }
        // Its children too, when it left some behind.
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // A group that is gone already is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until one of the children ends or this tool is asked to stop.
pub(crate) fn wait_for_any(children: &mut [&mut Running]) -> Result<Ended> {
    loop {
        if let Some(signal) = take_signal() {
            return Ok(Ended::Signal(signal));
        }
        for child in &mut *children {
            if let Some(failure) = child.ended()? {
                return Ok(Ended::Child(failure));
            }
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn ended(raw: i32) -> Failure {
        Failure::Ended {
            what: "it".to_owned(),
            status: ExitStatus::from_raw(raw),
        }
    }

    #[track_caller]
    fn check(failure: Failure, message: &str, code: u8) {
        let error = anyhow::Error::from(failure).context("step");
        assert_eq!(format!("{error:#}"), format!("step: {message}"));
        assert_eq!(exit_code(&error), ExitCode::from(code));
    }

    #[test]
    fn exit_codes_follow_the_cause() {
        check(Failure::Interrupted { signal: 2 }, "interrupted", 130);
        check(Failure::Interrupted { signal: 15 }, "interrupted", 143);
        check(ended(100 << 8), "it ended with exit status: 100", 100);
        check(ended(9), "it ended with signal: 9 (SIGKILL)", 1);
        check(ended(0), "it ended with exit status: 0", 1);
        assert_eq!(exit_code(&anyhow::anyhow!("other")), ExitCode::from(1));
    }
}
