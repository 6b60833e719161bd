//! Cargo subcommands that CI needs, built from their published sources at pinned versions into `.pflow/tools`.

use std::path::PathBuf;

use anyhow::Result;

use crate::{cargo, process, step, workspace};

/// A published program and its version.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};
pub(crate) const CARGO_MACHETE: Tool = Tool {
    name: "cargo-machete",
    version: "0.9.2",
};

impl Tool {
    /// Builds the program unless it is there already in this version; answers its path.
    pub(crate) fn provision(&self) -> Result<PathBuf> {
        let root = workspace::scratch().join("tools");
        let program = root.join("bin").join(self.name);
        let _held = workspace::lock(&workspace::scratch())?;
        let found = process::output_of(&program, &["--version"]);
        if found.is_some_and(|version| version.split_whitespace().any(|word| word == self.version)) {
            return Ok(program);
        }
        step::step(
            &format!("Building {} {} (a few minutes, once)", self.name, self.version),
            || {
                let mut install = cargo::command("install");
                install
                    .args(["--locked", "--force", "--version", self.version, "--root"])
                    .arg(&root)
                    .arg(self.name);
                // Its own build folder, thrown away: nothing of it is shared with ours.
                install.env_remove("CARGO_TARGET_DIR");
                process::run("cargo install", &mut install)
            },
        )?;
        Ok(program)
    }
}
