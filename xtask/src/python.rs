//! Python environments for the tools that are Python programs, from committed files that pin everything they need.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{process, step, workspace};

/// The oldest Python that the pinned packages run on.
const OLDEST: (u32, u32) = (3, 10);

/// A set of Python tools: `requirements/<name>.txt`, installed in `.pflow/python/<name>`.
pub(crate) struct Tools {
    name: &'static str,
    requirements: &'static str,
}

pub(crate) const MINISTACK: Tools = Tools {
    name: "ministack",
    requirements: include_str!("../requirements/ministack.txt"),
};

pub(crate) const LINTERS: Tools = Tools {
    name: "linters",
    requirements: include_str!("../requirements/linters.txt"),
};

/// What the AWS endpoint is tested with from outside.
pub(crate) const CLIENTS: Tools = Tools {
    name: "clients",
    requirements: include_str!("../requirements/clients.txt"),
};

/// Other programs that the one-machine home is compared with.
pub(crate) const PEERS: Tools = Tools {
    name: "peers",
    requirements: include_str!("../requirements/peers.txt"),
};

impl Tools {
    /// Installs the tools unless exactly these are there already; answers the folder of their programs.
    pub(crate) fn provision(&self) -> Result<PathBuf> {
        let python = find_python()?;
        let _held = workspace::lock(&workspace::scratch())?;
        let folder = workspace::scratch().join("python").join(self.name);
        let programs = folder.join("bin");
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
            process::guarded(python.program).args(["-m", "venv"]).arg(folder),
        )?;
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, self.requirements)
            .with_context(|| format!("writing {}", requirements.display()))?;
        let mut pip = process::guarded(folder.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
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
    program: &'static str,
    version: String,
}

fn find_python() -> Result<Python> {
    for program in ["python3", "python"] {
        let ask = "import sys; print('Python %d.%d.%d' % sys.version_info[:3])";
        let Some(version) = process::output_of(program, &["-c", ask]) else {
            continue;
        };
        if parse_version(&version).is_none_or(|found| found < OLDEST) {
            bail!(
                "{version} is too old: Python {}.{} or newer is needed",
                OLDEST.0,
                OLDEST.1
            );
        }
        if !process::answers(program, &["-c", "import venv, ensurepip"]) {
            bail!(
                "{version} has no venv module: install it (on Debian and Ubuntu: apt install python3-venv)"
            );
        }
        return Ok(Python { program, version });
    }
    bail!(
        "Python is missing: install Python {}.{} or newer, with its venv module",
        OLDEST.0,
        OLDEST.1
    )
}

/// Major and minor of `Python 3.11.7`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("Python ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse_version("Python 3.9.2"), Some((3, 9)));
        assert!(parse_version("Python 3.9.2") < Some(OLDEST));
        assert!(parse_version("Python 3.11.7") > Some(OLDEST));
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
        for tools in [MINISTACK, LINTERS, CLIENTS, PEERS] {
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
