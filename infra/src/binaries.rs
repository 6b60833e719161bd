//! The binaries: one file of three lines for each function, and a line in its crate's manifest that keeps cargo from
//! building a test of it, since what it serves is tested in the library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::artifact::{Artifacts, read, stems};
use crate::function::{Function, Kind};
use crate::section;

pub(crate) fn add(artifacts: &mut Artifacts, root: &Path, functions: &[Function<'_>]) -> Result<()> {
    let mut by_service: BTreeMap<&str, Vec<Function<'_>>> = BTreeMap::new();
    for function in functions {
        by_service.entry(function.service).or_default().push(*function);
    }
    for (service, mut functions) in by_service {
        functions.sort_unstable_by_key(Function::id);
        let folder = format!("functions/{service}/src/bin");
        let mut stale = stems(root, &folder, "rs")?;
        for function in &functions {
            stale.remove(function.id());
            artifacts.put(format!("{folder}/{}.rs", function.id()), main(function));
        }
        let stale = stale.into_iter().map(|stem| format!("{folder}/{stem}.rs"));
        artifacts.stale.extend(stale.map(PathBuf::from));

        let path = format!("functions/{service}/Cargo.toml");
        let manifest = section::replace(&read(root, &path)?, &targets(&functions))
            .with_context(|| format!("cannot write the binaries into {path}"))?;
        artifacts.put(path, manifest);
    }
    Ok(())
}

fn main(function: &Function<'_>) -> String {
    let (serve, constructor) = match function.kind {
        Kind::Endpoint(_) => ("serve", "endpoint"),
        Kind::Handler(_) => ("serve_handler", "handler"),
    };
    format!(
        "//! Written by `cargo xtask codegen`: {}.\n\nfn main() -> std::process::ExitCode {{\n    runtime::{serve}(&{}::{}::{constructor}())\n}}\n",
        function.title(),
        function.service,
        function.id(),
    )
}

fn targets(functions: &[Function<'_>]) -> String {
    let lines = functions
        .iter()
        .map(|function| format!("  {{ name = \"{}\", test = false }},\n", function.id()));
    format!("bin = [\n{}]\n", lines.collect::<String>())
}
