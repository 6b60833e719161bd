//! The platform as it is deployed: `infra/template.yaml` with the functions' binaries, for MiniStack. Each test makes a
//! stack of it (`tests/src/deployment.rs`).

mod adapt;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::emulator::{CREDENTIALS, Emulator, MISLEADING, REGION, answers};
use crate::{cargo, process, python, workspace};

const TEMPLATE: &str = "infra/template.yaml";
const BUCKET: &str = "deployment";
/// Where `cargo xtask run` serves the API, unless it is told otherwise.
const GATEWAY_PORT: u16 = 8000;
/// A function that is deployed with this variable is not run by the endpoint, but called at a URL.
const CALLED_ELSEWHERE: &str = "MINISTACK_LAMBDA_PROXY_URL";

/// Fails when the gateway runs on this machine: what is tested as deployed is not to be answered by it, whatever goes wrong.
pub(crate) fn refuse_gateway() -> Result<()> {
    ensure!(
        !answers(GATEWAY_PORT, "/api/v1/healthz"),
        "the gateway is running on port {GATEWAY_PORT}: stop it; the platform is tested as deployed, without a gateway"
    );
    Ok(())
}

/// Builds the functions for this machine.
pub(crate) fn build() -> Result<()> {
    let crates: BTreeSet<String> = functions()?
        .into_iter()
        .map(|function| function.service)
        .collect();
    let packages = crates.iter().flat_map(|name| ["--package", name]);
    let arguments: Vec<&str> = ["--quiet", "--bins"].into_iter().chain(packages).collect();
    cargo::run("build", &arguments)
}

/// Puts the functions and the template into a bucket; answers the template's URL. Works in `folder`.
pub(crate) fn package(aws: &Emulator, folder: &Path) -> Result<String> {
    let binaries = folder.join("functions");
    strip(&binaries)?;
    let transformed = folder.join("transformed.json");
    let root = workspace::root();
    run(
        aws,
        "package",
        &[
            &root.join(TEMPLATE),
            &binaries,
            Path::new(architecture()?),
            &transformed,
        ],
    )?;
    fs::remove_dir_all(&binaries).with_context(|| format!("removing {}", binaries.display()))?;
    let text = fs::read_to_string(&transformed).context("reading the transformed template")?;
    ensure!(
        !text.contains(CALLED_ELSEWHERE),
        "{TEMPLATE} knows of {CALLED_ELSEWHERE}"
    );
    let template: Value = serde_json::from_str(&text).context("reading the transformed template")?;
    let template = adapt::adapt(template, routes()?)?;
    let adapted = folder.join("template.json");
    fs::write(&adapted, template.to_string()).with_context(|| format!("writing {}", adapted.display()))?;
    run(aws, "upload", &[&adapted])?;
    Ok(format!("{}/{BUCKET}/template.json", aws.endpoint()))
}

struct Function {
    service: String,
    name: String,
}

/// By the files that they are built from.
fn functions() -> Result<Vec<Function>> {
    let services = workspace::root().join("functions");
    let mut found = Vec::new();
    for service in names(&services)? {
        let binaries = services.join(&service).join("src/bin");
        let files = if binaries.exists() {
            names(&binaries)?
        } else {
            BTreeSet::new()
        };
        found.extend(
            files
                .iter()
                .filter_map(|file| file.strip_suffix(".rs"))
                .map(|name| Function {
                    service: service.clone(),
                    name: name.to_owned(),
                }),
        );
    }
    Ok(found)
}

fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// A folder for each function, with what Lambda starts. Without their symbols, the binaries are two thirds as large.
fn strip(to: &Path) -> Result<()> {
    let built = target().join("debug");
    for function in functions()? {
        let folder = to.join(&function.name);
        workspace::create_dir(&folder)?;
        let mut command = process::guarded("strip");
        command
            .arg("-o")
            .arg(folder.join("bootstrap"))
            .arg(built.join(&function.name));
        process::run("strip", &mut command)?;
    }
    Ok(())
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from)
}

/// As Lambda calls this machine's.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x86_64"),
        "aarch64" => Ok("arm64"),
        other => bail!("Lambda does not know {other}"),
    }
}

/// How many the committed template tells of.
fn routes() -> Result<usize> {
    let text = fs::read_to_string(workspace::root().join(TEMPLATE)).context("reading the template")?;
    Ok(text.lines().filter(|line| line.trim() == "Type: HttpApi").count())
}

fn run(aws: &Emulator, what: &str, arguments: &[&Path]) -> Result<()> {
    let python = python::MINISTACK.provision()?.join("python");
    let mut command = process::guarded(python);
    command
        .arg(workspace::root().join("xtask/deployed/package.py"))
        .args([what, &aws.endpoint(), BUCKET])
        .args(arguments);
    for name in MISLEADING {
        command.env_remove(name);
    }
    // Python's SDK knows the region by this name alone.
    command.envs(CREDENTIALS).env("AWS_DEFAULT_REGION", REGION);
    process::run(what, &mut command)
}
