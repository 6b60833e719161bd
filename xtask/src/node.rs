//! Programs in JavaScript with the packages that their lock file pins.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{process, step, workspace};

/// Installs what a folder's lock file names, unless exactly that is there already; answers the folder where its programs
/// find it.
pub(crate) fn provision(folder: &str) -> Result<PathBuf> {
    let source = workspace::root().join(folder);
    let _held = workspace::lock(&workspace::scratch())?;
    let target = workspace::scratch().join("node");
    workspace::create_dir(&target)?;
    let stamp = target.join("installed.json");
    let lock = source.join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
    for entry in fs::read_dir(&source).with_context(|| format!("reading {}", source.display()))? {
        let file = entry?.path();
        if let Some(name) = file.file_name().filter(|_| file.is_file()) {
            fs::copy(&file, target.join(name)).with_context(|| format!("copying {}", file.display()))?;
        }
    }
    if fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(target);
    }
    step::step("Installing packages for Node", || {
        let mut npm = process::guarded("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        process::run("npm ci", npm.current_dir(&target))?;
        fs::write(&stamp, &wanted).with_context(|| format!("writing {}", stamp.display()))
    })?;
    Ok(target)
}
