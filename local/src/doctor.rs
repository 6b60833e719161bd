//! `pflow doctor`: looks at a data folder and says what is wrong and what helps.

use std::fmt;
use std::path::Path;

use crate::backup::{DATABASES, OBJECTS, check_database};
use crate::data::{DataFolder, is_taken};

/// Below this, the disk may soon be full.
const LITTLE_ROOM: u64 = 512 * 1024 * 1024;

/// One thing that was looked at.
#[derive(Debug)]
pub struct Finding {
    what: String,
    /// What is wrong, and what helps.
    trouble: Option<String>,
}

impl Finding {
    fn new(what: impl Into<String>, result: anyhow::Result<()>, help: &str) -> Self {
        let trouble = result.err().map(|error| match help {
            "" => format!("{error:#}"),
            help => format!("{error:#}; {help}"),
        });
        Self {
            what: what.into(),
            trouble,
        }
    }

    pub fn is_fine(&self) -> bool {
        self.trouble.is_none()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trouble {
            None => write!(f, "fine    {}", self.what),
            Some(trouble) => write!(f, "TROUBLE {}: {trouble}", self.what),
        }
    }
}

/// Changes nothing but the lock's note.
pub fn examine(data: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !data.exists() {
        let missing = Err(anyhow::anyhow!("there is no folder {}", data.display()));
        return vec![Finding::new("data folder", missing, "`pflow serve` makes it")];
    }
    match is_taken(data) {
        Ok(true) => findings.push(Finding::new("data folder: in use by a running pflow", Ok(()), "")),
        Ok(false) => findings.push(Finding::new(
            "data folder: can be taken",
            DataFolder::take(data).map(drop),
            "",
        )),
        Err(error) => findings.push(Finding::new("data folder", Err(error), "")),
    }
    findings.push(Finding::new("room on the disk", room(data), "free some space"));
    let keys = data.join("secrets.json");
    if keys.exists() {
        let read = crate::secrets::Secrets::of_folder(data).map(drop);
        findings.push(Finding::new(
            "keys of the installation",
            read,
            "restore secrets.json from a backup",
        ));
    }
    for name in DATABASES {
        let path = data.join(name);
        if path.exists() {
            let help = "stop pflow and restore a backup with `pflow restore`";
            findings.push(Finding::new(
                format!("database {name}"),
                check_database(&path),
                help,
            ));
        }
    }
    let objects = data.join(OBJECTS);
    if objects.exists() {
        findings.push(Finding::new(
            "objects",
            descriptions(&objects),
            "copy these files from a backup; without them objects have no metadata",
        ));
    }
    findings
}

/// Whether what is noted of the objects beside them can be read.
fn descriptions(objects: &Path) -> anyhow::Result<()> {
    let mut damaged = Vec::new();
    for entry in std::fs::read_dir(objects)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_json = || {
            serde_json::from_slice::<serde_json::Value>(&std::fs::read(entry.path())?)
                .map_err(anyhow::Error::from)
        };
        if entry.file_type()?.is_file() && name.ends_with(".json") && is_json().is_err() {
            damaged.push(name);
        }
    }
    anyhow::ensure!(damaged.is_empty(), "cannot be read: {}", damaged.join(", "));
    Ok(())
}

fn room(data: &Path) -> anyhow::Result<()> {
    let found = rustix::fs::statvfs(data)?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    anyhow::ensure!(free >= LITTLE_ROOM, "only {} MiB are free", free / 1024 / 1024);
    Ok(())
}
