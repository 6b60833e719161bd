//! `cargo xtask deploy`: the platform into an AWS account. What is done, in which order, and by which commands is one list; a
//! dry run checks what needs no account, and prints the rest of it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

use crate::process::{self, Failure};
use crate::step::{note, step};
use crate::{cargo, python, workspace};

/// How `stack.py exists` says that there is none yet.
const NONE_YET: i32 = 3;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which section of samconfig.toml.
    #[arg(long, default_value = "default", value_name = "NAME")]
    stage: String,
    /// Check what needs no account, and print each command instead of running it.
    #[arg(long)]
    dry_run: bool,
    /// Deploy the functions that are in target/lambda already.
    #[arg(long)]
    skip_build: bool,
    /// At the first deployment: take the keys of the home with this data folder, instead of new ones.
    #[arg(long, value_name = "DIR")]
    keys_of: Option<PathBuf>,
}

/// Where the programs are.
struct Programs {
    linters: PathBuf,
    cargo_lambda: PathBuf,
    sam: PathBuf,
}

impl Programs {
    /// A dry run needs the linters alone.
    fn provision(args: &Args) -> Result<Self> {
        let linters = python::LINTERS.provision()?;
        let folder = |tools: &python::Tools, needed: bool| match needed && !args.dry_run {
            true => tools.provision(),
            false => Ok(tools.folder()),
        };
        Ok(Self {
            linters,
            cargo_lambda: folder(&python::CARGO_LAMBDA, !args.skip_build)?,
            sam: folder(&python::SAM, true)?,
        })
    }

    fn stack(&self, verb: &str, stack: &str) -> Command {
        let mut command = process::guarded(self.sam.join("python"));
        command
            .arg(workspace::root().join("xtask/deploy/stack.py"))
            .args([verb, stack]);
        in_region(&mut command);
        command
    }
}

pub(crate) fn run(args: Args) -> Result<()> {
    let programs = Programs::provision(&args)?;
    let run = if args.dry_run { show } else { process::run };
    step("Checking the template", || {
        let mut lint = process::guarded(programs.linters.join("cfn-lint"));
        process::run(
            "cfn-lint",
            lint.arg("infra/template.yaml").current_dir(workspace::root()),
        )
    })?;
    let stage = step("Checking the stage", || Stage::check(&args.stage, false))?;
    if !args.skip_build {
        step("Building the functions", || {
            run("cargo lambda build", &mut build(&programs)?)
        })?;
    }
    if args.skip_build || !args.dry_run {
        step("Checking the functions", || Stage::check(&args.stage, true))?;
    }
    step("Building pflow", || run("cargo build", &mut pflow_build()))?;
    let keys = Keys::for_stage(&args, &programs, &stage)?;
    step("Deploying", || {
        run(
            "sam deploy",
            &mut deploy(&programs, &args.stage, &stage, keys.as_ref()),
        )
    })?;
    drop(keys);
    step("The first administrator", || {
        let mut create = programs.stack("run", &stage.stack);
        run("pflow administrator", create.arg(pflow()).arg("administrator"))
    })?;
    step("The platform answers at", || {
        run("the stack's URL", &mut programs.stack("url", &stage.stack))
    })
}

/// A section of samconfig.toml.
struct Stage {
    stack: String,
    /// `Name=value`.
    parameters: Vec<String>,
}

impl Stage {
    /// What is wrong with it, with the template or with the functions' packages is told by who looks.
    fn check(name: &str, built: bool) -> Result<Self> {
        let mut command = Command::new(cargo::path());
        command
            .args([
                "run",
                "--quiet",
                "--package",
                "infra",
                "--bin",
                "deployment",
                "--",
                name,
            ])
            .args(built.then_some("--built"))
            .current_dir(workspace::root());
        let output = command.output().context("checking what is to be deployed")?;
        let told = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("{}", told.trim());
        }
        told.lines().for_each(note);
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines().map(str::to_owned);
        let stack = lines.next().context("no stack's name")?;
        let parameters = lines.collect();
        Ok(Self { stack, parameters })
    }
}

/// All binaries of the services, for Lambda.
fn build(programs: &Programs) -> Result<Command> {
    let mut command = process::guarded(programs.cargo_lambda.join("cargo-lambda"));
    command
        .args(["lambda", "build", "--profile", "dist", "--arm64", "--locked"])
        .current_dir(workspace::root());
    for service in services()? {
        command.args(["--package", &service]);
    }
    Ok(command)
}

/// The crates that have functions.
fn services() -> Result<Vec<String>> {
    let folder = workspace::root().join("functions");
    let mut services = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        if entry.path().join("src/bin").is_dir() {
            services.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    services.sort();
    Ok(services)
}

fn pflow_build() -> Command {
    let mut command = cargo::command("build");
    command.args(["--quiet", "--package", "local", "--bin", "pflow"]);
    command
}

/// Built by the same cargo as this program, into the same folder.
fn pflow() -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    here.with_file_name("pflow")
}

/// The file with the keys of a stack that is not there yet; removed when the stack has them.
struct Keys(PathBuf);

impl Keys {
    fn for_stage(args: &Args, programs: &Programs, stage: &Stage) -> Result<Option<Self>> {
        let folder = workspace::scratch().join("deploy");
        let keys = Self(folder.join(format!("{}.keys.yaml", args.stage)));
        let mut make = process::guarded(pflow());
        make.arg("keys").arg(&keys.0);
        if let Some(home) = &args.keys_of {
            make.arg("--of").arg(home);
        }
        if args.dry_run {
            let exists = || show("stack.py", &mut programs.stack("exists", &stage.stack));
            step("Is the stack there?", exists)?;
            step("Making the keys (the first time only)", || {
                show("pflow keys", &mut make)
            })?;
            return Ok(Some(keys));
        }
        match process::run("stack.py", &mut programs.stack("exists", &stage.stack)) {
            Ok(()) => return Ok(None),
            Err(error) if ended_with(&error, NONE_YET) => {}
            Err(error) => return Err(error.context("asking for the stack")),
        }
        workspace::create_dir(&folder)?;
        step("Making the keys", || process::run("pflow keys", &mut make))?;
        Ok(Some(keys))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // A dry run has made none.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn ended_with(error: &anyhow::Error, code: i32) -> bool {
    let failure = error.downcast_ref::<Failure>();
    matches!(failure, Some(Failure::Ended { status, .. }) if ExitStatus::code(status) == Some(code))
}

/// The keys by a file, so that no list of processes shows them; later the stack keeps those that it has.
fn deploy(programs: &Programs, name: &str, stage: &Stage, keys: Option<&Keys>) -> Command {
    let mut command = process::guarded(programs.sam.join("sam"));
    command
        .args(["deploy", "--config-env", name, "--parameter-overrides"])
        .args(&stage.parameters)
        .args(keys.map(|keys| format!("file://{}", keys.0.display())))
        .env("SAM_CLI_TELEMETRY", "0")
        .current_dir(workspace::root());
    in_region(&mut command);
    command
}

/// Python's SDK does not know the variable that all others do.
fn in_region(command: &mut Command) {
    if let Some(region) = std::env::var_os("AWS_REGION").filter(|region| !region.is_empty()) {
        command.env("AWS_DEFAULT_REGION", region);
    }
}

/// As one would type it at the root of the checkout.
#[expect(clippy::unnecessary_wraps, reason = "stands where a command is run")]
fn show(_: &str, command: &mut Command) -> Result<()> {
    note(&typed(command, workspace::root()));
    Ok(())
}

fn typed(command: &Command, root: &Path) -> String {
    // What guards a program, up to the separator, is this tool's own business.
    let mut words: Vec<&OsStr> = command.get_args().collect();
    if words.first() == Some(&OsStr::new("guard")) {
        words.drain(..3);
    } else {
        words.insert(0, command.get_program());
    }
    let root = format!("{}/", root.display());
    let words = words
        .into_iter()
        .map(|word| word.to_string_lossy().replace(&root, ""));
    let quoted = words.map(|word| {
        if word.contains([' ', '<', ';', '&']) {
            format!("'{word}'")
        } else {
            word
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_they_are_typed() {
        let root = Path::new("/home/me/pflow");
        let mut command = process::guarded("/home/me/pflow/.pflow/sam");
        command.args(["deploy", "TimeZone=CET-1CEST,M3.5.0", "two words"]);
        assert_eq!(
            typed(&command, root),
            ".pflow/sam deploy TimeZone=CET-1CEST,M3.5.0 'two words'"
        );
    }

    /// Nothing is built, and no account is touched: there are no credentials here.
    #[test]
    fn a_dry_run_checks_and_tells_every_step() {
        if std::env::var_os("PFLOW_TOOLS").is_none() {
            eprintln!(
                "NOT CHECKED: a dry run of the deployment: PFLOW_TOOLS is not set; `cargo xtask test` sets it"
            );
            return;
        }
        let args = [
            "--quiet",
            "--package",
            "xtask",
            "--",
            "deploy",
            "--dry-run",
            "--stage",
            "staging",
        ];
        let output = Command::new(cargo::path())
            .arg("run")
            .args(args)
            .current_dir(workspace::root())
            .env_remove("AWS_PROFILE")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        for command in [
            "cargo-lambda lambda build --profile dist --arm64 --locked --package commerce",
            "stack.py exists pflow-staging",
            "/pflow keys .pflow/deploy/staging.keys.yaml",
            "sam deploy --config-env staging --parameter-overrides ",
            " Prefix=pflow-staging- ",
            " file://.pflow/deploy/staging.keys.yaml",
            "stack.py run pflow-staging ",
            "/pflow administrator",
            "stack.py url pflow-staging",
        ] {
            assert!(told.contains(command), "{command} in {told}");
        }
    }
}
