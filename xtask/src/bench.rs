//! `cargo xtask bench`: the benchmarks. Each prints its figures; `docs/PERFORMANCE.md` has them with their bounds.

use anyhow::Result;

use crate::emulator::{CREDENTIALS, free_port};
use crate::step::step;
use crate::{cargo, ministack, node, process, python, workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Without the comparisons with other programs.
    #[arg(long)]
    ours_only: bool,
    /// Only these; may be given several times.
    #[arg(long)]
    only: Vec<Benchmark>,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Benchmark {
    /// A function on Lambda: cold, warm, its memory, beside Python and Node.
    Functions,
    /// The interpreter of Amazon States Language.
    Asl,
    /// Compiling workflows.
    Compiler,
    /// Starting, calls and approvals of the one-machine home, beside other programs.
    Home,
    /// 1,000 submissions a second for a minute.
    Load,
    /// 100,000 open instances.
    Open,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let wanted = |benchmark| args.only.is_empty() || args.only.contains(&benchmark);
    if wanted(Benchmark::Functions) {
        step("Functions on Lambda", || functions(args.ours_only))?;
    }
    if wanted(Benchmark::Asl) {
        asl(args.ours_only)?;
    }
    if wanted(Benchmark::Compiler) {
        step("Compiling workflows", || example("compiler"))?;
    }
    if wanted(Benchmark::Home) {
        step("The one-machine home", || home(args.ours_only))?;
    }
    if wanted(Benchmark::Load) {
        step("A steady load on the one-machine home", || bench("load"))?;
    }
    if wanted(Benchmark::Open) {
        step("Many open instances in the one-machine home", || bench("open"))?;
    }
    Ok(())
}

/// The program that measures is built as the tests are; it builds what it measures for release.
fn functions(ours_only: bool) -> Result<()> {
    let mut command = cargo::command("bench");
    command.args([
        "--quiet",
        "--profile",
        "dev",
        "--package",
        "tests",
        "--bench",
        "functions",
    ]);
    if !ours_only {
        command
            .env("PFLOW_LAMBDA_PYTHON", python::LAMBDA.provision()?.join("python"))
            .env("PFLOW_LAMBDA_NODE", node::provision("tests/benches/peers")?);
    }
    process::run("the benchmark", &mut command)
}

fn asl(ours_only: bool) -> Result<()> {
    step("Amazon States Language", || example("asl"))?;
    if ours_only {
        return Ok(());
    }
    step("Amazon States Language beside MiniStack's interpreter", || {
        let script = workspace::root().join("state-machines/asl/bench/side-by-side.sh");
        process::run("the comparison", &mut process::guarded(script))
    })
}

fn example(package: &str) -> Result<()> {
    cargo::run(
        "run",
        &["--quiet", "--release", "--package", package, "--example", "bench"],
    )
}

fn bench(name: &str) -> Result<()> {
    process::run("the benchmark", &mut command(name))
}

fn command(name: &str) -> std::process::Command {
    let mut command = cargo::command("bench");
    command.args(["--quiet", "--package", "local", "--bench", name]);
    command
}

fn home(ours_only: bool) -> Result<()> {
    let mut command = command("home");
    if ours_only {
        return process::run("the benchmark", &mut command);
    }
    let peers = python::PEERS.provision()?;
    let data = workspace::scratch()
        .join("bench")
        .join(std::process::id().to_string());
    let mut ministack = ministack::start(free_port()?, &data)?;
    command
        .env("PFLOW_PEERS", peers)
        .env("PFLOW_MINISTACK", ministack.endpoint())
        .envs(CREDENTIALS);
    let result = process::run("the benchmark", &mut command);
    ministack.process.stop();
    let _ = std::fs::remove_dir_all(data);
    result
}
