//! An AWS endpoint that is another program, on a port of the loopback address.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::process::{self, Failure, Running};
use crate::tail;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// Part of every name that is stored.
pub(crate) const REGION: &str = "us-east-1";

/// What any SDK needs to sign requests; no emulator checks them.
pub(crate) const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_REGION", REGION),
];

/// Of these an SDK would take its identity or endpoint before the ones above.
pub(crate) const MISLEADING: [&str; 4] = [
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
];

pub(crate) struct Emulator {
    name: &'static str,
    pub(crate) process: Running,
    port: u16,
    pub(crate) log: PathBuf,
}

impl Emulator {
    /// Starts a program with its log in `data`, and waits until it answers a request for the path `ready` with success.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        port: u16,
        data: &Path,
        ready: &str,
    ) -> Result<Self> {
        let log = data.join(format!("{}.log", name.to_lowercase()));
        if log.exists() {
            fs::rename(&log, log.with_extension("log.old")).context("putting the last log aside")?;
        }
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        command
            // It calls back to this machine only: never through a proxy.
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("PYTHONUNBUFFERED", "1")
            .stdout(output.try_clone().context("sharing the log")?)
            .stderr(Stdio::from(output));
        let mut started = Self {
            name,
            process: Running::start(name, &mut command)?,
            port,
            log,
        };
        started.wait_until_ready(ready)?;
        Ok(started)
    }

    pub(crate) fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    fn wait_until_ready(&mut self, ready: &str) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(failure) = self.process.ended()? {
                bail!(
                    "{failure} before it was ready; the end of {}:{}",
                    self.log.display(),
                    tail::of_file(&self.log)
                );
            }
            if answers(self.port, ready) {
                return Ok(());
            }
            if let Some(signal) = process::take_signal() {
                return Err(Failure::Interrupted { signal }.into());
            }
            if Instant::now() > deadline {
                bail!(
                    "{} did not answer within {} s; the end of {}:{}",
                    self.name,
                    READY_WITHIN.as_secs(),
                    self.log.display(),
                    tail::of_file(&self.log)
                );
            }
            thread::sleep(Duration::from_millis(30));
        }
    }
}

pub(crate) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A port of the loopback address that nobody uses at the moment.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr().context("looking for a free port")?.port())
}

/// Fails, naming the option that chooses another, when the port is taken.
pub(crate) fn require_free(port: u16, option: &str) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(anyhow!(
            "port {port} is in use by another program: stop it, or choose another port with {option}"
        )),
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be opened")),
    }
}

/// Whether a request for the path is answered with success.
pub(crate) fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let wait = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), wait)?;
        stream.set_read_timeout(Some(wait))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.take(64).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
