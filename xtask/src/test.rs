//! `cargo xtask test`: every test. The platform under test is its own AWS endpoint, or has one that lives as long as
//! the tests run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use anyhow::Result;
use rustix::process::{Pid, test_kill_process};

use crate::emulator::{CREDENTIALS, Emulator, MISLEADING, free_port};
use crate::{cargo, deployed, localstack, ministack, process, python, step, workspace};

#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Only tests whose name contains this text; may be given several times.
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,
    /// Test the platform on this AWS endpoint: its own, one that is started for the tests, or one that runs at a URL.
    #[arg(long, value_name = "own|ministack|localstack|URL", default_value = "own")]
    endpoint: Endpoint,
    /// Test the platform as it is deployed: the template and the functions' binaries on MiniStack, without the gateway.
    #[arg(long, conflicts_with = "endpoint")]
    deployed: bool,
    /// Also the tests that are marked as too long for every run.
    #[arg(long)]
    ignored: bool,
    /// Cases of each property test.
    #[arg(skip)]
    property_cases: Option<&'static str>,
    /// Arguments for the test runner (cargo nextest where it is installed, else cargo test).
    #[arg(last = true)]
    runner: Vec<String>,
}

/// The AWS endpoint of the tests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Endpoint {
    #[default]
    Own,
    Ministack,
    /// MiniStack, with the platform deployed to it.
    Deployed,
    Localstack,
    At(String),
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "own" => Ok(Self::Own),
            "ministack" => Ok(Self::Ministack),
            "localstack" => Ok(Self::Localstack),
            url if url.starts_with("http://") || url.starts_with("https://") => Ok(Self::At(url.to_owned())),
            other => Err(format!("{other} is neither own, ministack, localstack nor a URL")),
        }
    }
}

impl Endpoint {
    /// What of the programs that it needs is not here.
    fn missing(&self) -> Vec<String> {
        match self {
            Self::Localstack => localstack::missing(),
            _ => Vec::new(),
        }
    }

    /// As `tests/endpoints.txt` calls it.
    fn name(&self) -> &'static str {
        match self {
            Self::Own | Self::At(_) => "",
            Self::Ministack => "ministack",
            Self::Deployed => "deployed",
            Self::Localstack => "localstack",
        }
    }

    /// Installs what it needs.
    fn provision(&self) -> Result<()> {
        match self {
            Self::Ministack | Self::Deployed => python::MINISTACK.provision().map(drop),
            Self::Localstack => localstack::provision(),
            Self::Own | Self::At(_) => Ok(()),
        }
    }

    fn start(&self, data: &Path) -> Result<Option<Emulator>> {
        let start = match self {
            Self::Ministack | Self::Deployed => ministack::start,
            Self::Localstack => localstack::start,
            Self::Own | Self::At(_) => return Ok(None),
        };
        let started = step::step("Starting the AWS endpoint", || start(free_port()?, data))?;
        Ok(Some(started))
    }
}

impl Args {
    /// Also the long tests, and more cases of each property.
    pub(crate) fn everything(property_cases: &'static str) -> Self {
        Self {
            ignored: true,
            property_cases: Some(property_cases),
            ..Self::default()
        }
    }

    /// What goes over HTTP and by events, of the platform as it is deployed.
    pub(crate) fn deployed() -> Self {
        Self {
            endpoint: Endpoint::Deployed,
            ..Self::default()
        }
    }

    /// What is built and tested, where the runner is not told.
    fn packages(&self) -> &'static [&'static str] {
        match self.endpoint {
            Endpoint::Deployed => &["--package", "tests"],
            _ => &["--workspace"],
        }
    }
}

pub(crate) fn run(mut args: Args) -> Result<()> {
    if args.deployed {
        args.endpoint = Endpoint::Deployed;
    }
    if args.endpoint == Endpoint::Deployed {
        deployed::refuse_gateway()?;
    }
    let missing = args.endpoint.missing();
    if !missing.is_empty() {
        step::note(&format!("NOT tested: {}", missing.join("; ")));
        return Ok(());
    }
    let runner = Runner::find();
    let linters = python::LINTERS.provision()?;
    let clients = python::CLIENTS.provision()?;
    args.endpoint.provision()?;
    // Before anything is started: the longest part needs nothing else.
    if args.runner.is_empty() {
        step::step("Building the tests", || {
            process::run("the build", runner.command(args.packages()).arg("--no-run"))
        })?;
    }
    if args.endpoint == Endpoint::Deployed {
        step::step("Building the functions", deployed::build)?;
    }
    if args.ignored {
        // As the test of the functions' binaries builds them, which then has nothing to wait for.
        step::step("Building the functions", || {
            cargo::run("build", &["--quiet", "--workspace", "--bins", "--tests"])
        })?;
    }
    let tests = workspace::scratch().join("test");
    remove_leftovers(&tests);
    let folder = tests.join(std::process::id().to_string());
    workspace::create_dir(&folder)?;
    let differences = folder.join("differences.txt");
    let mut aws = args.endpoint.start(&folder)?;
    let url = match (&aws, &args.endpoint) {
        (Some(aws), _) => Some(aws.endpoint()),
        (None, Endpoint::At(url)) => Some(url.clone()),
        (None, _) => None,
    };
    let template = match (&aws, &args.endpoint) {
        (Some(aws), Endpoint::Deployed) => {
            let package = || deployed::package(aws, &folder);
            Some(step::step("Packaging the deployment", package)?)
        }
        _ => None,
    };
    let mut command = runner.command(&runner.arguments(&args));
    for name in MISLEADING {
        command.env_remove(name);
    }
    if let Some(cases) = args.property_cases {
        // Other cases each time; a failure prints the seed.
        let seed = seed();
        step::note(&format!("PFLOW_SEED={seed}"));
        command
            .env("PROPTEST_CASES", cases)
            .env("PFLOW_SEED", seed.to_string());
    }
    command
        .envs(CREDENTIALS)
        .env_remove("PFLOW_TEST_ENDPOINT")
        .envs(url.map(|url| ("PFLOW_TEST_ENDPOINT", url)))
        .env("PFLOW_TEST_ENDPOINT_NAME", args.endpoint.name())
        .env_remove("PFLOW_TEST_TEMPLATE_URL")
        .envs(template.map(|url| ("PFLOW_TEST_TEMPLATE_URL", url)))
        .env("PFLOW_TEST_DIFFERENCES", &differences)
        .env("PFLOW_TOOLS", linters)
        .env("PFLOW_CLIENTS", clients);
    let result = step::last_step("Running the tests", || process::run("the test run", &mut command));
    if let Some(aws) = &mut aws {
        aws.process.stop();
    }
    report(&differences);
    match (&result, &aws) {
        // What is left behind is removed by the next run.
        (Ok(()), _) => drop(fs::remove_dir_all(&folder)),
        (Err(_), Some(aws)) => step::note(&format!("the AWS endpoint's log: {}", aws.log.display())),
        (Err(_), None) => {}
    }
    result
}

/// What was not tested, because the endpoint is known to lack what it takes.
fn report(differences: &Path) {
    let text = fs::read_to_string(differences).unwrap_or_default();
    let lines: BTreeSet<&str> = text.lines().collect();
    if !lines.is_empty() {
        step::note(&format!(
            "NOT tested at this endpoint, {} in all; it lacks",
            lines.len()
        ));
        lines.iter().for_each(|line| step::note(line));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a long run looks for what others did not find"
)]
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs())
}

/// The folders of runs that are over.
fn remove_leftovers(tests: &Path) {
    for entry in fs::read_dir(tests).into_iter().flatten().flatten() {
        let owner = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .and_then(Pid::from_raw);
        if owner.is_none_or(|owner| test_kill_process(owner).is_err()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Runner {
    Nextest,
    /// A machine with Rust alone has no other.
    CargoTest,
}

impl Runner {
    fn find() -> Self {
        if cargo::has("nextest") {
            Self::Nextest
        } else {
            Self::CargoTest
        }
    }

    fn command(self, arguments: &[&str]) -> Command {
        let (subcommand, start): (_, &[&str]) = match self {
            Self::Nextest => ("nextest", &["run"]),
            Self::CargoTest => ("test", &[]),
        };
        let mut command = cargo::command(subcommand);
        command.args(start).args(arguments);
        command
    }

    fn arguments(self, args: &Args) -> Vec<&str> {
        // Cargo test takes what concerns the tests themselves only behind a separator.
        let (separator, ignored): (&[&str], &[&str]) = match self {
            Self::Nextest => (&[], &["--run-ignored", "all"]),
            Self::CargoTest => (&["--"], &["--include-ignored"]),
        };
        let packages = args
            .runner
            .iter()
            .any(|word| word.starts_with("-p") || word.starts_with("--package"));
        let all: &[&str] = if packages { &[] } else { args.packages() };
        let mut arguments = all.to_vec();
        arguments.push("--no-fail-fast");
        arguments.extend(args.runner.iter().map(String::as_str));
        arguments.extend(separator);
        arguments.extend(args.filter.iter().map(String::as_str));
        arguments.extend(ignored.iter().filter(|_| args.ignored));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(runner: Runner, wishes: &[&str], expected: &str) {
        let args = Args {
            filter: vec!["login".to_owned()],
            ignored: true,
            runner: wishes.iter().map(|&wish| wish.to_owned()).collect(),
            ..Args::default()
        };
        assert_eq!(runner.arguments(&args).join(" "), expected);
    }

    #[test]
    fn both_runners_get_the_same_wishes_in_their_own_words() {
        check(
            Runner::Nextest,
            &["--release"],
            "--workspace --no-fail-fast --release login --run-ignored all",
        );
        check(
            Runner::CargoTest,
            &["--release"],
            "--workspace --no-fail-fast --release -- login --include-ignored",
        );
        check(
            Runner::Nextest,
            &["-p", "tests"],
            "--no-fail-fast -p tests login --run-ignored all",
        );
    }
}
