//! The data folder: one process at a time, and a clear word where it cannot be used.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

const LOCK: &str = "lock";
/// What must be free, so that the databases can be opened at all.
const PROBE_BYTES: usize = 1024 * 1024;

/// A folder that nobody else writes to, as long as this is there.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder where it is not there, and takes it.
    pub fn take(path: &Path) -> Result<Self> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700);
        folder.create(path).map_err(|e| told(path, e))?;
        let lock = lock(path)?;
        probe(path).map_err(|e| told(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| told(folder, e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            bail!(
                "the data folder {} is used by another pflow (process {}): stop it, or choose another folder with --data",
                folder.display(),
                holder.trim()
            );
        }
        Err(TryLockError::Error(error)) => return Err(told(folder, error)),
    }
    // For whoever comes second.
    let note = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    note.map_err(|e| told(folder, e))?;
    Ok(file)
}

/// Writes something to the disk and removes it again.
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join("probe");
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0; PROBE_BYTES])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}

fn told(folder: &Path, error: std::io::Error) -> anyhow::Error {
    let folder = folder.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            anyhow!(error).context(format!("there is no room for the data folder {folder}: free some space, or choose another folder with --data"))
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            anyhow!(error).context(format!("the data folder {folder} cannot be written: give its owner the right to, or choose another folder with --data"))
        }
        _ => anyhow!(error).context(format!("cannot use the data folder {folder}")),
    }
}

/// Whether somebody has taken the folder.
pub fn is_taken(folder: &Path) -> Result<bool> {
    match File::open(folder.join(LOCK)) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error).context("cannot ask for the lock"),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(told(folder, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let path = std::env::temp_dir().join(format!("pflow-data-{}", uuid::Uuid::now_v7()));
        let first = DataFolder::take(&path).unwrap();
        assert!(is_taken(&path).unwrap());
        let second = DataFolder::take(&path).unwrap_err().to_string();
        let expected = format!(
            "the data folder {} is used by another pflow (process {}): stop it, or choose another folder with --data",
            path.display(),
            std::process::id()
        );
        assert_eq!(second, expected);
        drop(first);
        assert!(!is_taken(&path).unwrap());
        DataFolder::take(&path).unwrap();
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_file_is_no_folder() {
        let path = std::env::temp_dir().join(format!("pflow-data-{}", uuid::Uuid::now_v7()));
        fs::write(&path, "").unwrap();
        let error = DataFolder::take(&path).unwrap_err().to_string();
        assert_eq!(error, format!("cannot use the data folder {}", path.display()));
        fs::remove_file(&path).unwrap();
    }
}
