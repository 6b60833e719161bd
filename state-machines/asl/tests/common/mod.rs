//! Finds the corpora; where they are not, says so and lets the test pass.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it, and a test may panic"
)]

pub(crate) mod compare;
pub(crate) mod histories;
pub(crate) mod mutants;
pub(crate) mod outcomes;
pub(crate) mod teststate;
pub(crate) mod verdicts;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of the corpora: `PFLOW_CORPORA`, relative to the workspace root.
pub(crate) fn corpora() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test is told here where its data lie")]
    let folder = std::env::var("PFLOW_CORPORA").unwrap_or_else(|_| "../shared/corpora".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    if root.is_dir() {
        return Some(root);
    }
    say(&format!(
        "NOT TESTED: no corpora at {} (set PFLOW_CORPORA)\n",
        root.display()
    ));
    None
}

/// Not by `println!`, which a test runner keeps to itself when the test passes: others read these lines.
fn say(text: &str) {
    std::io::stdout().lock().write_all(text.as_bytes()).unwrap();
}

/// Whether the corpora are the ones that the list of known differences is about.
pub(crate) fn is_default_corpus() -> bool {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let same = |corpora: PathBuf| corpora.canonicalize().ok() == default.canonicalize().ok();
    corpora().is_some_and(same)
}

/// A case that makes something panic does not match; the others are still counted.
pub(crate) fn guarded(check: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(check))
        .unwrap_or_else(|_| Err("panicked".to_owned()))
}

/// The JSON files of a folder, by name; an unreadable one is `null`.
pub(crate) fn json_files(folder: &Path) -> Vec<(String, Value)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let value = std::fs::read(&path)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok());
            (name, value.unwrap_or(Value::Null))
        })
        .collect()
}

/// A case's own id, or its file's name.
pub(crate) fn id(name: &str, case: &Value) -> String {
    case["id"].as_str().unwrap_or(name).to_owned()
}

/// Cases that are known not to match, each with its reason: `id # reason`, one a line.
const KNOWN: &str = include_str!("../known-differences.txt");

/// Prints how many match, and fails for those that should and do not. On the default corpus it fails too for a
/// listed case that matches, so that the list only shrinks.
pub(crate) fn report(kind: &str, what: &str, results: impl Iterator<Item = (String, Result<(), String>)>) {
    let (mut matching, mut all, mut wrong) = (0, 0, Vec::new());
    for (id, result) in results {
        all += 1;
        let listed = KNOWN
            .lines()
            .any(|line| line.split(" # ").next() == Some(&format!("{kind} {id}")));
        match result {
            Ok(()) => {
                matching += 1;
                if listed {
                    wrong.push(format!("{id}: matches, so it must leave the list"));
                }
            }
            Err(difference) if !listed => wrong.push(format!("{id}: {difference}")),
            Err(_) => {}
        }
    }
    let lines: String = wrong.iter().map(|line| format!("  {line}\n")).collect();
    say(&format!("{kind}: {matching} of {all} {what}\n{lines}"));
    assert!(
        !is_default_corpus() || wrong.is_empty(),
        "{} cases differ",
        wrong.len()
    );
}
