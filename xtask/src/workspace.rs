//! Where things are.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

/// The root of the checkout that this tool was built from.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// What the tasks install and leave behind; ignored by git, and may be deleted at any time.
pub(crate) fn scratch() -> PathBuf {
    root().join(".pflow")
}

pub(crate) fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("creating {}", path.display()))
}

/// Holds a folder for this process until the file is dropped, waiting for another that holds it.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    let file = lock_file(folder)?;
    file.lock()
        .with_context(|| format!("locking {}", folder.display()))?;
    Ok(file)
}

/// Holds a folder for this process, or fails when another does.
pub(crate) fn try_lock(folder: &Path) -> Result<File> {
    let file = lock_file(folder)?;
    file.try_lock()
        .map_err(|_| anyhow!("{} is in use by another `cargo xtask run`", folder.display()))?;
    Ok(file)
}

fn lock_file(folder: &Path) -> Result<File> {
    create_dir(folder)?;
    let path = folder.join(".lock");
    File::create(&path).with_context(|| format!("creating {}", path.display()))
}
