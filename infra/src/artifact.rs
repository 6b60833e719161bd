//! The files that are written, and those that are removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use runtime::Service;

use crate::function::functions;
use crate::{binaries, openapi, router, sample, template};

/// By path, below the root of the workspace.
#[derive(Debug, Default)]
pub struct Artifacts {
    /// Files with the content that they are to have.
    pub files: BTreeMap<PathBuf, String>,
    /// Files that belong to nothing any more.
    pub stale: BTreeSet<PathBuf>,
    /// Files that somebody has to write: the content matters, and does not follow from a declaration.
    pub missing: BTreeSet<PathBuf>,
}

/// Everything that follows from the declarations. Of files that are generated in part, the rest is read from `root`.
pub fn artifacts(root: &Path, services: &[Service]) -> Result<Artifacts> {
    let functions = functions(services);
    let document = openapi::document(services)?;
    let mut artifacts = Artifacts::default();
    artifacts.put("infra/openapi.json", openapi::text(&document)?);
    artifacts.put("infra/template.yaml", template::text(&functions)?);
    artifacts.put(
        "Cargo.toml",
        router::manifest(&read(root, "Cargo.toml")?, &functions)?,
    );
    binaries::add(&mut artifacts, root, &functions)?;
    sample::add(&mut artifacts, root, &document, &functions)?;
    Ok(artifacts)
}

impl Artifacts {
    pub(crate) fn put(&mut self, path: impl Into<PathBuf>, content: String) {
        self.files.insert(path.into(), content);
    }

    /// The paths at which what stands in `root` is not what is to stand there.
    pub fn drift(&self, root: &Path) -> Vec<String> {
        let changed = self
            .files
            .iter()
            .filter(|(path, content)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(content))
            .map(|(path, _)| path.display().to_string());
        let stale = self
            .stale
            .iter()
            .map(|path| format!("{} (belongs to nothing)", path.display()));
        let missing = self
            .missing
            .iter()
            .map(|path| format!("{} (to be written by hand)", path.display()));
        changed.chain(stale).chain(missing).collect()
    }

    /// Makes it so; answers what was changed. What is right already is left alone, so that nothing is built again.
    pub fn write(&self, root: &Path) -> Result<Vec<String>> {
        let drift = self.drift(root);
        for (path, content) in &self.files {
            let path = root.join(path);
            if fs::read_to_string(&path).ok().as_ref() == Some(content) {
                continue;
            }
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            }
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        }
        for path in &self.stale {
            let path = root.join(path);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(drift)
    }
}

pub(crate) fn read(root: &Path, path: impl AsRef<Path>) -> Result<String> {
    let path = root.join(path);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The files of a folder with this extension, without it.
pub(crate) fn stems(root: &Path, folder: &str, extension: &str) -> Result<BTreeSet<String>> {
    let folder = root.join(folder);
    let mut stems = BTreeSet::new();
    if !folder.exists() {
        return Ok(stems);
    }
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            stems.insert(stem.to_owned());
        }
    }
    Ok(stems)
}
