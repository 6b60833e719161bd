//! Python environments for the tools that are Python programs, from committed files that pin everything they need.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{process, step, workspace};

/// Major and minor.
type Version = (u32, u32);

/// Looked for in this order, unless this variable names one.
const PROGRAMS: [&str; 4] = ["python3", "python", "python3.13", "python3.12"];
const PROGRAM: &str = "PFLOW_PYTHON";

/// A set of Python tools: `requirements/<name>.txt`, installed in `.pflow/python/<name>`.
pub(crate) struct Tools {
    name: &'static str,
    requirements: &'static str,
    /// What the pinned packages run on.
    oldest: Version,
    newest: Option<Version>,
}

pub(crate) const MINISTACK: Tools = Tools {
    name: "ministack",
    requirements: include_str!("../requirements/ministack.txt"),
    oldest: (3, 10),
    newest: None,
};

pub(crate) const LINTERS: Tools = Tools {
    name: "linters",
    requirements: include_str!("../requirements/linters.txt"),
    oldest: (3, 10),
    newest: None,
};

/// What the AWS endpoint is tested with from outside.
pub(crate) const CLIENTS: Tools = Tools {
    name: "clients",
    requirements: include_str!("../requirements/clients.txt"),
    oldest: (3, 10),
    newest: None,
};

pub(crate) const CARGO_LAMBDA: Tools = Tools {
    name: "cargo-lambda",
    requirements: include_str!("../requirements/cargo-lambda.txt"),
    oldest: (3, 10),
    newest: None,
};

pub(crate) const LOCALSTACK: Tools = Tools {
    name: "localstack",
    requirements: include_str!("../requirements/localstack.txt"),
    oldest: (3, 12),
    newest: Some((3, 13)),
};

/// What deploys to an AWS account.
pub(crate) const SAM: Tools = Tools {
    name: "sam",
    requirements: include_str!("../requirements/sam.txt"),
    oldest: (3, 10),
    newest: None,
};

/// Other programs that the one-machine home is compared with.
pub(crate) const PEERS: Tools = Tools {
    name: "peers",
    requirements: include_str!("../requirements/peers.txt"),
    oldest: (3, 10),
    newest: None,
};

/// What the Lambda function in Python needs that ours are compared with.
pub(crate) const LAMBDA: Tools = Tools {
    name: "lambda",
    requirements: include_str!("../requirements/lambda.txt"),
    oldest: (3, 10),
    newest: None,
};

impl Tools {
    /// Why they cannot run here, if they cannot.
    pub(crate) fn missing(&self) -> Option<String> {
        self.find_python().err().map(|error| format!("{error:#}"))
    }

    /// The folder of their programs, whether or not they are there.
    pub(crate) fn folder(&self) -> PathBuf {
        self.environment().join("bin")
    }

    fn environment(&self) -> PathBuf {
        workspace::scratch().join("python").join(self.name)
    }

    /// Installs the tools unless exactly these are there already; answers the folder of their programs.
    pub(crate) fn provision(&self) -> Result<PathBuf> {
        let python = self.find_python()?;
        let _held = workspace::lock(&workspace::scratch())?;
        let (folder, programs) = (self.environment(), self.folder());
        let stamp = folder.join("installed.txt");
        let wanted = format!("# {}\n{}", python.version, self.requirements);
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && programs.join("python").exists() {
            return Ok(programs);
        }
        step::step(&format!("Installing {} ({})", self.name, python.version), || {
            self.install(&python, &folder)?;
            fs::write(&stamp, &wanted).with_context(|| format!("writing {}", stamp.display()))
        })?;
        Ok(programs)
    }

    fn install(&self, python: &Python, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
        }
        workspace::create_dir(folder)?;
        process::run(
            "python -m venv",
            process::guarded(&python.program).args(["-m", "venv"]).arg(folder),
        )?;
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, self.requirements)
            .with_context(|| format!("writing {}", requirements.display()))?;
        let mut pip = process::guarded(folder.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            // The file has everything; pip takes what is pinned under an extra's name for something else.
            "--no-deps",
            "--require-hashes",
            "--no-input",
            "--disable-pip-version-check",
        ])
        .args(["--progress-bar", "off", "--requirement"])
        .arg(&requirements);
        process::run_lines("pip install", &mut pip, |line| {
            if let Some(package) = collected(line) {
                step::note(package);
            }
        })
    }
}

/// The package that a line of pip's output is about to fetch.
fn collected(line: &str) -> Option<&str> {
    line.strip_prefix("Collecting ")?.split_whitespace().next()
}

struct Python {
    program: OsString,
    version: String,
}

impl Tools {
    fn find_python(&self) -> Result<Python> {
        let named = std::env::var_os(PROGRAM).filter(|program| !program.is_empty());
        let programs = match &named {
            Some(program) => vec![program.as_os_str()],
            None => PROGRAMS.map(OsStr::new).to_vec(),
        };
        let mut others = Vec::new();
        for program in programs {
            let ask = "import sys; print('Python %d.%d.%d' % sys.version_info[:3])";
            let Some(version) = process::output_of(program, &["-c", ask]) else {
                continue;
            };
            if !parse_version(&version).is_some_and(|found| self.run_on(found)) {
                others.push(version);
            } else if process::output_of(program, &["-c", "import venv, ensurepip"]).is_none() {
                // On Debian and Ubuntu it is a package of its own.
                others.push(format!("{version} without its venv module (python3-venv)"));
            } else {
                let program = program.to_owned();
                return Ok(Python { program, version });
            }
        }
        others.dedup();
        let found = match others.is_empty() {
            true => String::new(),
            false => format!("; there is {}", others.join(", ")),
        };
        bail!(
            "{} with its venv module is missing: install it, or name it in {PROGRAM}{found}",
            self.wanted()
        )
    }

    fn run_on(&self, version: Version) -> bool {
        version >= self.oldest && self.newest.is_none_or(|newest| version <= newest)
    }

    fn wanted(&self) -> String {
        let (major, minor) = self.oldest;
        match self.newest {
            Some((_, newest)) => format!("Python {major}.{minor} to {major}.{newest}"),
            None => format!("Python {major}.{minor} or newer"),
        }
    }
}

/// Major and minor of `Python 3.11.7`.
fn parse_version(text: &str) -> Option<Version> {
    let mut numbers = text.strip_prefix("Python ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse_version("Python 3.9.2"), Some((3, 9)));
        assert!(!MINISTACK.run_on((3, 9)));
        assert!(MINISTACK.run_on((3, 11)));
        assert!(!LOCALSTACK.run_on((3, 11)));
        assert!(LOCALSTACK.run_on((3, 13)));
        assert!(!LOCALSTACK.run_on((3, 14)));
        assert_eq!(parse_version("Python 3"), None);
        assert_eq!(parse_version("zsh: not found"), None);
    }

    #[test]
    fn names_the_package_that_is_fetched() {
        let line = "Collecting cffi==2.1.1 (from -r requirements.txt (line 5))";
        assert_eq!(collected(line), Some("cffi==2.1.1"));
        assert_eq!(collected("  Downloading cffi.whl (1 kB)"), None);
    }

    #[test]
    fn everything_is_pinned_with_a_hash() {
        for tools in [
            MINISTACK,
            LINTERS,
            CLIENTS,
            PEERS,
            LAMBDA,
            LOCALSTACK,
            CARGO_LAMBDA,
            SAM,
        ] {
            let packages = tools
                .requirements
                .lines()
                .filter(|line| line.starts_with(char::is_alphanumeric));
            for package in packages {
                assert!(
                    package.contains("==") && package.ends_with('\\'),
                    "{}: {package}",
                    tools.name
                );
            }
        }
    }
}
