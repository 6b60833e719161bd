//! A running `pflow serve` over a folder of the test.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tests::{ADMIN_PASSWORD, Client};

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("pflow-process-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What went wrong can be looked at.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Killed when it is dropped.
pub(crate) struct Pflow {
    child: Child,
    pub(crate) port: u16,
    pub(crate) aws_port: u16,
}

pub(crate) fn command(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pflow"));
    command
        .args(arguments)
        .env("PFLOW_DATA", data)
        .env_remove("AWS_ENDPOINT_URL");
    command
}

/// Runs a command of `pflow` to its end.
pub(crate) fn run(arguments: &[&str], data: &Path) -> Output {
    command(arguments, data).output().unwrap()
}

impl Pflow {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_at(data, free_port(), free_port())
    }

    pub(crate) fn start_at(data: &Path, port: u16, aws_port: u16) -> Self {
        Self::start_by(command(&["serve"], data), data, port, aws_port)
    }

    /// By a command that ends in one that serves.
    pub(crate) fn start_command(command: Command, data: &Path) -> Self {
        Self::start_by(command, data, free_port(), free_port())
    }

    fn start_by(mut command: Command, data: &Path, port: u16, aws_port: u16) -> Self {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))
            .unwrap();
        let child = command
            .env("PFLOW_PORT", port.to_string())
            .env("PFLOW_AWS_PORT", aws_port.to_string())
            .env("PFLOW_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .env("PFLOW_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self {
            child,
            port,
            aws_port,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://127.0.0.1:{}/api/v1", self.port))
    }

    /// Waits until it serves.
    pub(crate) async fn ready(&mut self) {
        let client = self.client();
        let started = Instant::now();
        loop {
            let answer = client.request(reqwest::Method::GET, "/healthz").send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended");
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "it does not get ready"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the AWS endpoint answers.
    pub(crate) async fn aws_ready(&mut self) {
        assert!(self.serves().await, "it has ended");
    }

    /// Waits until the AWS endpoint answers, or the process has ended.
    pub(crate) async fn serves(&mut self) -> bool {
        let started = Instant::now();
        let url = format!("http://127.0.0.1:{}/", self.aws_port);
        while reqwest::get(&url).await.is_err() {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "it does not get ready"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// As by a power cut, but that the system lives on.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager would. True: it has ended well.
    pub(crate) fn stop(self) -> bool {
        let process = self.id();
        self.stop_process(process)
    }

    /// [`Self::stop`] for one that another program has started.
    pub(crate) fn stop_child(self) -> bool {
        let process = self.children().first().copied().unwrap();
        self.stop_process(process)
    }

    fn children(&self) -> Vec<u32> {
        let children = format!("/proc/{0}/task/{0}/children", self.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        children
            .split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect()
    }

    fn stop_process(mut self, process: u32) -> bool {
        signal(process, Signal::TERM);
        self.child.wait().unwrap().success()
    }
}

impl Drop for Pflow {
    fn drop(&mut self) {
        // One that is traced outlives its tracer.
        self.children()
            .into_iter()
            .for_each(|id| signal(id, Signal::KILL));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(process: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    let _ = kill_process(pid, signal);
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
